// A client of grpc-go, which calls the service carml.test.v1.Echo in ways that only a real client
// does, and a server of grpc-go. Each command of the client prints one line, and exits with 1 if a
// call failed.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"
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

// load calls Say from this many goroutines, over all addresses in turn, until standard input ends
// and at least this many calls have ended. It returns how many there were, how many failed, and how
// long the others took.
func load(addresses []string, method string, atLeast int64, workers int) (int64, int64, []time.Duration, error) {
	servers := manual.NewBuilderWithScheme("servers")
	var state resolver.State
	for _, address := range addresses {
		state.Addresses = append(state.Addresses, resolver.Address{Addr: address})
	}
	servers.InitialState(state)
	connection, err := grpc.NewClient(
		"servers:///all",
		grpc.WithResolvers(servers),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(`{"loadBalancingConfig":[{"round_robin":{}}]}`),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(raw{})),
	)
	if err != nil {
		return 0, 0, nil, err
	}
	defer connection.Close()
	var stopped atomic.Bool
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stopped.Store(true)
	}()
	var ended, failed atomic.Int64
	var mutex sync.Mutex
	var took []time.Duration
	var running sync.WaitGroup
	for range workers {
		running.Add(1)
		go func() {
			defer running.Done()
			for !stopped.Load() || ended.Load() < atLeast {
				ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
				request := line("hello", 0)
				var answer []byte
				begun := time.Now()
				err := connection.Invoke(ctx, method, &request, &answer)
				cancel()
				ended.Add(1)
				if err != nil {
					failed.Add(1)
					fmt.Fprintln(os.Stderr, status.Convert(err).Code(), err)
					continue
				}
				mutex.Lock()
				took = append(took, time.Since(begun))
				mutex.Unlock()
			}
		}()
	}
	running.Wait()
	return ended.Load(), failed.Load(), took, nil
}

// secured is TLS with this authority and, if there is one, this certificate of the client.
func secured(ca, cert, key string) (credentials.TransportCredentials, error) {
	pem, err := os.ReadFile(ca)
	if err != nil {
		return nil, err
	}
	config := &tls.Config{RootCAs: x509.NewCertPool(), ServerName: "localhost"}
	if !config.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s has no certificate", ca)
	}
	if cert != "" {
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return credentials.NewTLS(config), nil
}

func main() {
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: grpc-go [OPTIONS] join ADDRESS STREAMS MESSAGES BYTES WAIT_MS")
		fmt.Fprintln(os.Stderr, "       grpc-go load ADDRESS,… CALLS WORKERS < PIPE")
		fmt.Fprintln(os.Stderr, "       grpc-go serve < PIPE")
		flag.PrintDefaults()
	}
	ca := flag.String("ca", "", "the authority of the server's certificate; without it, no TLS")
	cert := flag.String("cert", "", "the client's certificate")
	key := flag.String("key", "", "its key")
	method := flag.String("method", "/carml.test.v1.Echo/Say", "what load calls")
	quantiles := flag.Bool("quantiles", false, "load prints calls, failures, median and 99th percentile in µs")
	flag.Parse()
	arguments := flag.Args()
	if len(arguments) == 1 && arguments[0] == "serve" {
		if err := serve(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	isLoad := len(arguments) == 4 && arguments[0] == "load"
	if !isLoad && (len(arguments) != 6 || arguments[0] != "join") {
		flag.Usage()
		os.Exit(2)
	}
	var numbers []int
	for _, text := range arguments[2:] {
		number, err := strconv.Atoi(text)
		if err != nil {
			flag.Usage()
			os.Exit(2)
		}
		numbers = append(numbers, number)
	}
	if isLoad {
		calls, failed, took, err := load(strings.Split(arguments[1], ","), *method, int64(numbers[0]), numbers[1])
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		if *quantiles {
			slices.Sort(took)
			at := func(share float64) int64 { return took[int(float64(len(took)-1)*share)].Microseconds() }
			fmt.Println(calls, failed, at(0.5), at(0.99))
			return
		}
		report(calls, failed)
		return
	}
	transport := insecure.NewCredentials()
	if *ca != "" {
		var err error
		if transport, err = secured(*ca, *cert, *key); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	connection, err := grpc.NewClient(
		arguments[1],
		grpc.WithTransportCredentials(transport),
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
	report(int64(numbers[0]), failed.Load())
}

// report prints the line of a command, and ends with 1 if a call failed.
func report(calls, failed int64) {
	fmt.Printf("%d calls, %d failed\n", calls, failed)
	if failed > 0 {
		os.Exit(1)
	}
}
