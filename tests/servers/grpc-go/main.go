// A client of grpc-go, which calls the service carml.test.v1.Echo in ways that only a real client
// does. Each command prints one line, and exits with 1 if a call failed.
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

// The messages are written by hand: the bytes of a carml.test.v1.Line.
type raw struct{}

func (raw) Marshal(v any) ([]byte, error)      { return *v.(*[]byte), nil }
func (raw) Unmarshal(data []byte, v any) error { *v.(*[]byte) = data; return nil }
func (raw) Name() string                       { return "proto" }

func varint(n int) []byte {
	var bytes []byte
	for ; n >= 0x80; n >>= 7 {
		bytes = append(bytes, byte(n)|0x80)
	}
	return append(bytes, byte(n))
}

func line(text string, waitMs int) []byte {
	bytes := append([]byte{1<<3 | 2}, varint(len(text))...)
	bytes = append(bytes, text...)
	if waitMs > 0 {
		bytes = append(bytes, 3<<3)
		bytes = append(bytes, varint(waitMs)...)
	}
	return bytes
}

// join sends messages in one stream, the first of which keeps the handler for a while.
func join(connection *grpc.ClientConn, messages, size, waitMs int) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	desc := grpc.StreamDesc{ClientStreams: true}
	stream, err := connection.NewStream(ctx, &desc, "/carml.test.v1.Echo/Join")
	if err != nil {
		return err
	}
	text := strings.Repeat("x", size)
	for n := range messages {
		wait := 0
		if n == 0 {
			wait = waitMs
		}
		message := line(text, wait)
		if err := stream.SendMsg(&message); err != nil {
			break // The answer says why.
		}
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	var answer []byte
	if err := stream.RecvMsg(&answer); err != nil {
		return err
	}
	if len(answer) < messages*size {
		return fmt.Errorf("the answer has %d bytes", len(answer))
	}
	return nil
}

func main() {
	usage := "usage: grpc-go join ADDRESS STREAMS MESSAGES BYTES WAIT_MS"
	if len(os.Args) != 7 || os.Args[1] != "join" {
		fmt.Fprintln(os.Stderr, usage)
		os.Exit(2)
	}
	var numbers []int
	for _, text := range os.Args[3:] {
		number, err := strconv.Atoi(text)
		if err != nil {
			fmt.Fprintln(os.Stderr, usage)
			os.Exit(2)
		}
		numbers = append(numbers, number)
	}
	connection, err := grpc.NewClient(
		os.Args[2],
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(raw{}), grpc.MaxCallRecvMsgSize(1<<30)),
	)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	var failed atomic.Int64
	var calls sync.WaitGroup
	for range numbers[0] {
		calls.Add(1)
		go func() {
			defer calls.Done()
			if err := join(connection, numbers[1], numbers[2], numbers[3]); err != nil {
				failed.Add(1)
				fmt.Fprintln(os.Stderr, status.Convert(err).Code(), err)
			}
		}()
	}
	calls.Wait()
	fmt.Printf("%d calls, %d failed\n", numbers[0], failed.Load())
	if failed.Load() > 0 {
		os.Exit(1)
	}
}
