//! Upper-case over TCP (a task a call) and UDP with tokio, one thread.

use std::io;
use std::net::SocketAddr;

use socket2::{Domain, Socket, Type};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream, UdpSocket};

const BUFFER_SIZE: usize = 64 * 1024;

async fn serve_connection(mut call: TcpStream) -> io::Result<()> {
    call.set_nodelay(true)?;
    let mut buffer = Vec::with_capacity(BUFFER_SIZE);
    while call.read_buf(&mut buffer).await? > 0 {
        buffer.make_ascii_uppercase();
        call.write_all(&buffer).await?;
        buffer.clear();
    }
    Ok(())
}

async fn serve_connections(listener: TcpListener) -> io::Result<()> {
    loop {
        let (call, _) = listener.accept().await?;
        tokio::spawn(serve_connection(call));
    }
}

async fn serve_datagrams(socket: UdpSocket) {
    let mut buffer = vec![0; BUFFER_SIZE];
    loop {
        if let Ok((size, peer)) = socket.recv_from(&mut buffer).await {
            buffer[..size].make_ascii_uppercase();
            // A datagram that cannot go is lost, as the network might have lost it.
            let _ = socket.send_to(&buffer[..size], peer).await;
        }
    }
}

/// With room for bursts in its queue, which tokio itself cannot ask for.
fn bound_datagram_socket(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, None)?;
    socket.set_recv_buffer_size(4 << 20)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    UdpSocket::from_std(socket.into())
}

fn port_option() -> u16 {
    let words: Vec<String> = std::env::args().collect();
    match words.as_slice() {
        [_, name, value] if name == "--port" => value.parse().expect("a port"),
        _ => 0,
    }
}

async fn serve() -> io::Result<()> {
    let address = SocketAddr::from(([127, 0, 0, 1], port_option()));
    let streams = TcpSocket::new_v4()?;
    streams.set_reuseaddr(true)?;
    streams.bind(address)?;
    let listener = streams.listen(4096)?;
    let socket = bound_datagram_socket(address)?;
    eprintln!("listening upper tcp://{}", listener.local_addr()?);
    eprintln!("listening upper udp://{}", socket.local_addr()?);
    tokio::spawn(serve_datagrams(socket));
    serve_connections(listener).await
}

fn main() -> io::Result<()> {
    tokio::runtime::Builder::new_current_thread().enable_io().build()?.block_on(serve())
}
