package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// words is a server that does what the text of a request says: its field 1, as in a
// grpc.health.v1.HealthCheckRequest. The answer is a number in field 1.
type words struct {
	calls    atomic.Int64
	mutex    sync.Mutex
	failures map[string]int
}

func text(message []byte) string {
	if len(message) < 2 || message[0] != 1<<3|2 {
		return ""
	}
	size, read := binary.Uvarint(message[1:])
	if read <= 0 || uint64(len(message)-1-read) < size {
		return ""
	}
	return string(message[1+read : 1+read+int(size)])
}

func answer(stream grpc.ServerStream, number int64) error {
	message := append([]byte{1 << 3}, varint(int(number))...)
	return stream.SendMsg(&message)
}

func (server *words) handle(_ any, stream grpc.ServerStream) error {
	var request []byte
	if err := stream.RecvMsg(&request); err != nil {
		return err
	}
	text := text(request)
	if text == "count" {
		return answer(stream, server.calls.Load())
	}
	server.calls.Add(1)
	word, rest, _ := strings.Cut(text, ":")
	parts := strings.Split(rest, ":")
	number := func(at int) int {
		if at >= len(parts) {
			return 0
		}
		number, _ := strconv.Atoi(parts[at])
		return number
	}
	fail := func(code int) error { return status.Error(codes.Code(code), "as asked") }
	switch word {
	case "sleep":
		select {
		case <-time.After(time.Duration(number(0)) * time.Millisecond):
		case <-stream.Context().Done():
			return stream.Context().Err()
		}
	case "fail":
		return fail(number(0))
	case "fail_times":
		server.mutex.Lock()
		server.failures[text]++
		failures := server.failures[text]
		server.mutex.Unlock()
		if failures <= number(0) {
			return fail(number(1))
		}
	case "fail_before":
		if previous(stream.Context()) < number(0) {
			return fail(14)
		}
	case "fail_pushback":
		stream.SetTrailer(metadata.Pairs("grpc-retry-pushback-ms", parts[1]))
		return fail(number(0))
	case "fail_after_head":
		if err := stream.SendHeader(metadata.MD{}); err != nil {
			return err
		}
		// The head goes out alone.
		time.Sleep(50 * time.Millisecond)
		return fail(number(0))
	case "fail_after_message":
		if err := answer(stream, 1); err != nil {
			return err
		}
		return fail(number(0))
	}
	return answer(stream, 1)
}

// previous is how many attempts the client says that there were before.
func previous(ctx context.Context) int {
	values := metadata.ValueFromIncomingContext(ctx, "grpc-previous-rpc-attempts")
	if len(values) != 1 {
		return 0
	}
	number, _ := strconv.Atoi(values[0])
	return number
}

// serve prints its address, and serves until standard input ends.
func serve() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	handler := &words{failures: map[string]int{}}
	server := grpc.NewServer(grpc.ForceServerCodec(raw{}), grpc.UnknownServiceHandler(handler.handle))
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		server.Stop()
	}()
	fmt.Println(listener.Addr())
	return server.Serve(listener)
}
