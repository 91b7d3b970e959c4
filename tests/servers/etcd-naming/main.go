// Finds and registers gRPC services with etcd's own naming packages, as a Go service does.
//
//	etcd-naming call ETCD SERVICE      resolves SERVICE, asks its health, prints "PEER STATUS"
//	etcd-naming serve ETCD SERVICE     serves health, registers, prints its address; until stdin ends
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/naming/endpoints"
	"go.etcd.io/etcd/client/v3/naming/resolver"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/peer"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 4 {
		log.Fatal("usage: etcd-naming call|serve ETCD SERVICE")
	}
	etcd, err := clientv3.New(clientv3.Config{
		Endpoints:   []string{os.Args[2]},
		DialTimeout: 5 * time.Second,
	})
	check(err)
	defer etcd.Close()
	switch os.Args[1] {
	case "call":
		call(etcd, os.Args[3])
	case "serve":
		serve(etcd, os.Args[3])
	default:
		log.Fatalf("unknown command %q", os.Args[1])
	}
}

func call(etcd *clientv3.Client, service string) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	builder, err := resolver.NewBuilder(etcd)
	check(err)
	conn, err := grpc.NewClient("etcd:///"+service,
		grpc.WithResolvers(builder), grpc.WithTransportCredentials(insecure.NewCredentials()))
	check(err)
	defer conn.Close()
	var from peer.Peer
	answer, err := grpc_health_v1.NewHealthClient(conn).Check(ctx,
		&grpc_health_v1.HealthCheckRequest{Service: service},
		grpc.Peer(&from), grpc.WaitForReady(true))
	check(err)
	fmt.Println(from.Addr, answer.Status)
}

func serve(etcd *clientv3.Client, service string) {
	ctx := context.Background()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	states := health.NewServer()
	states.SetServingStatus(service, grpc_health_v1.HealthCheckResponse_SERVING)
	server := grpc.NewServer()
	grpc_health_v1.RegisterHealthServer(server, states)
	go server.Serve(listener)

	manager, err := endpoints.NewManager(etcd, service)
	check(err)
	lease, err := etcd.Grant(ctx, 10)
	check(err)
	_, err = etcd.KeepAlive(ctx, lease.ID)
	check(err)
	address := listener.Addr().String()
	key := service + "/" + address
	endpoint := endpoints.Endpoint{Addr: address, Metadata: map[string]any{"language": "go"}}
	check(manager.AddEndpoint(ctx, key, endpoint, clientv3.WithLease(lease.ID)))
	fmt.Println(address)

	io.Copy(io.Discard, os.Stdin)
	check(manager.DeleteEndpoint(ctx, key))
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
