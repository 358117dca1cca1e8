// Upper-case over TCP (a goroutine a call) and UDP with Go's package net.
package main

import (
	"flag"
	"fmt"
	"net"
	"os"
)

const bufferSize = 64 * 1024

func upper(text []byte) {
	for i, letter := range text {
		if 'a' <= letter && letter <= 'z' {
			text[i] = letter - 32
		}
	}
}

func serveConnection(call net.Conn) {
	defer call.Close()
	buffer := make([]byte, bufferSize)
	for {
		size, err := call.Read(buffer)
		if err != nil {
			return
		}
		upper(buffer[:size])
		if _, err := call.Write(buffer[:size]); err != nil {
			return
		}
	}
}

func serveConnections(listener net.Listener) {
	for {
		call, err := listener.Accept()
		check(err)
		go serveConnection(call)
	}
}

func serveDatagrams(socket *net.UDPConn) {
	buffer := make([]byte, bufferSize)
	for {
		size, peer, err := socket.ReadFromUDPAddrPort(buffer)
		if err != nil {
			continue
		}
		upper(buffer[:size])
		socket.WriteToUDPAddrPort(buffer[:size], peer)
	}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "go_upper:", err)
		os.Exit(1)
	}
}

func main() {
	port := flag.Int("port", 0, "0: the kernel chooses")
	flag.Parse()
	loopback := net.IPv4(127, 0, 0, 1)
	listener, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: loopback, Port: *port})
	check(err)
	socket, err := net.ListenUDP("udp4", &net.UDPAddr{IP: loopback, Port: *port})
	check(err)
	check(socket.SetReadBuffer(4 << 20))
	fmt.Fprintf(os.Stderr, "listening upper tcp://%s\n", listener.Addr())
	fmt.Fprintf(os.Stderr, "listening upper udp://%s\n", socket.LocalAddr())
	go serveDatagrams(socket)
	serveConnections(listener)
}
