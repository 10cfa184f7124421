package server_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"testing"

	"github.com/jhump/protoreflect/v2/grpcdynamic"
	"github.com/jhump/protoreflect/v2/grpcreflect"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
)

// TestReflection does what grpcurl does: it knows nothing but the address, lists
// all services, and calls each of their methods.
func TestReflection(t *testing.T) {
	p := run(t, t.TempDir())
	client := grpcreflect.NewClientAuto(t.Context(), p.conn)
	defer client.Reset()
	services := must(client.ListServices())(t)
	for _, want := range []protoreflect.FullName{
		"kindred.v1.MatchService", "kindred.v1.CatalogService", "kindred.v1.StudentService",
		"kindred.v1.PlacementService", "kindred.v1.SystemService",
		"grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection",
	} {
		if !slices.Contains(services, want) {
			t.Errorf("%s isn't listed", want)
		}
	}
	called := 0
	stub := grpcdynamic.NewStub(p.conn)
	for _, name := range services {
		file := must(client.FileContainingSymbol(name))(t)
		service := file.Services().ByName(name.Name())
		if service == nil {
			t.Errorf("%s isn't in its file", name)
			continue
		}
		for i := range service.Methods().Len() {
			method := service.Methods().Get(i)
			called++
			t.Run(string(method.FullName()), func(t *testing.T) {
				err := callDynamically(t, stub, method)
				// What a minimal request may meet; above all not Unimplemented.
				answers := []codes.Code{codes.OK, codes.InvalidArgument, codes.NotFound, codes.FailedPrecondition}
				if !slices.Contains(answers, status.Code(err)) {
					t.Errorf("answered %v", err)
				}
			})
		}
	}
	if called < 48 {
		t.Errorf("only %d methods were called of the 48 there were once", called)
	}
}

// callDynamically calls a method with a message that has a district and nothing
// else, and reads the first answer.
func callDynamically(t *testing.T, stub *grpcdynamic.Stub, method protoreflect.MethodDescriptor) error {
	t.Helper()
	message := func() proto.Message {
		m := dynamicpb.NewMessage(method.Input())
		if f := method.Input().Fields().ByName("district"); f != nil {
			m.Set(f, protoreflect.ValueOfString(district))
		}
		return m
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var err error
	switch {
	case method.IsStreamingClient() && method.IsStreamingServer():
		stream := must(stub.InvokeRPCBidiStream(ctx, method))(t)
		if err := errors.Join(stream.SendMsg(message()), stream.CloseSend()); err != nil {
			t.Fatal(err)
		}
		_, err = stream.RecvMsg()
	case method.IsStreamingClient():
		stream := must(stub.InvokeRPCClientStream(ctx, method))(t)
		if err := stream.SendMsg(message()); err != nil {
			t.Fatal(err)
		}
		_, err = stream.CloseAndReceive()
	case method.IsStreamingServer():
		stream := must(stub.InvokeRPCServerStream(ctx, method, message()))(t)
		_, err = stream.RecvMsg()
	default:
		_, err = stub.InvokeRPC(ctx, method, message())
	}
	if errors.Is(err, io.EOF) {
		t.Error("a stream that was asked something ended without an answer")
	}
	return err
}
