// Clients of grpc-go that put and get keys as fast as they are answered: those of etcd and of
// carml.kv.v1, whose messages are the same bytes. It prints the calls per second of each.
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

const (
	valueBytes = 100
	// Of each client.
	keys = 100
)

// The messages are written by hand.
type raw struct{}

func (raw) Marshal(v any) ([]byte, error)      { return *v.(*[]byte), nil }
func (raw) Unmarshal(data []byte, v any) error { *v.(*[]byte) = data; return nil }
func (raw) Name() string                       { return "proto" }

// field is a field of bytes that are fewer than 128.
func field(number byte, bytes []byte) []byte {
	return append([]byte{number<<3 | 2, byte(len(bytes))}, bytes...)
}

func key(client, n int) []byte {
	return field(1, fmt.Appendf(nil, "load/%02d/%02d", client, n%keys))
}

func put(client, n int) []byte {
	value := make([]byte, valueBytes)
	copy(value, strconv.Itoa(n))
	return append(key(client, n), field(2, value)...)
}

// rate calls a method from all clients for a while: how many calls a second were answered.
func rate(clients []*grpc.ClientConn, method string, request func(client, n int) []byte, lasts time.Duration) (float64, error) {
	var calls atomic.Int64
	var failure atomic.Pointer[error]
	var running sync.WaitGroup
	start := time.Now()
	for client, connection := range clients {
		running.Add(1)
		go func() {
			defer running.Done()
			for n := 0; time.Since(start) < lasts && failure.Load() == nil; n++ {
				ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
				message := request(client, n)
				var answer []byte
				err := connection.Invoke(ctx, method, &message, &answer)
				cancel()
				if err != nil {
					failure.Store(&err)
					return
				}
				calls.Add(1)
			}
		}()
	}
	running.Wait()
	if err := failure.Load(); err != nil {
		return 0, *err
	}
	return float64(calls.Load()) / time.Since(start).Seconds(), nil
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func main() {
	if len(os.Args) != 6 {
		fmt.Fprintln(os.Stderr, "usage: kv-load ADDRESS PUT_METHOD GET_METHOD CLIENTS SECONDS")
		os.Exit(2)
	}
	count, err := strconv.Atoi(os.Args[4])
	if err != nil {
		fail(err)
	}
	seconds, err := strconv.ParseFloat(os.Args[5], 64)
	if err != nil {
		fail(err)
	}
	lasts := time.Duration(seconds * float64(time.Second))
	var clients []*grpc.ClientConn
	for range count {
		connection, err := grpc.NewClient(
			os.Args[1],
			grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithDefaultCallOptions(grpc.ForceCodec(raw{})),
		)
		if err != nil {
			fail(err)
		}
		clients = append(clients, connection)
	}
	puts, err := rate(clients, os.Args[2], put, lasts)
	if err != nil {
		fail(err)
	}
	gets, err := rate(clients, os.Args[3], key, lasts)
	if err != nil {
		fail(err)
	}
	fmt.Printf("%.0f %.0f\n", puts, gets)
}
