//! The sans-I/O crates over plain blocking sockets: an echo server and a client that says hello to
//! it, with no runtime and no driver.
#![expect(clippy::print_stdout, reason = "a program for the terminal")]

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    thread,
};

use anyhow::{Result, ensure};
use bytes::{Buf, BufMut, BytesMut};
use tautline::{
    ClientRequest, CloseCode, CloseFrame, Message,
    connection::{Connection, Disposition, Event, MaskKeys},
    handshake::{ClientHandshake, Progress, ServerHandshake},
};

fn main() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let uri = format!("ws://{}/", listener.local_addr()?);
    let server = thread::spawn(move || serve(&listener.accept()?.0));
    client(&uri)?;
    server.join().expect("the server does not panic")
}

fn serve(stream: &TcpStream) -> Result<()> {
    let (mut input, mut handshake) = (BytesMut::new(), ServerHandshake::new());
    let request = loop {
        ensure!(fill(stream, &mut input)?, "the client went away");
        match handshake.recv(&mut input)? {
            Progress::More(more) => handshake = more,
            Progress::Done(request) => break request,
        }
    };
    write_all(stream, request.accept()?.encode().0)?;
    let echo = |connection: &mut Connection, message| Ok(connection.send(message)?);
    run(stream, Connection::server(), input, echo)
}

fn client(uri: &str) -> Result<()> {
    let request = ClientRequest::try_from(uri)?;
    let stream = TcpStream::connect((request.uri().host(), request.uri().port()))?;
    let (mut handshake, head) = ClientHandshake::new(&request, random());
    write_all(&stream, head)?;
    let mut input = BytesMut::new();
    ensure!(fill(&stream, &mut input)?, "the server went away");
    while let Progress::More(more) = handshake.recv(&mut input)? {
        handshake = more;
        ensure!(fill(&stream, &mut input)?, "the server went away");
    }
    let mut connection = Connection::client(random::<4>);
    connection.send("hello")?;
    run(&stream, connection, input, |connection, message| {
        println!("received {message:?}");
        Ok(connection.close(Some(CloseFrame::new(CloseCode::NORMAL, "bye")))?)
    })
}

/// The loop that the documentation of `tautline-connection` describes.
fn run<K: MaskKeys>(
    stream: &TcpStream,
    mut connection: Connection<K>,
    mut input: BytesMut,
    mut handle: impl FnMut(&mut Connection<K>, Message) -> Result<()>,
) -> Result<()> {
    loop {
        let event = connection.receive(&mut input);
        // After a violation, too: the Close frame that names it is in the output.
        write_all(stream, connection.output())?;
        match event? {
            Some(Event::Message(message)) => handle(&mut connection, message)?,
            Some(_) => {}
            None if connection.disposition() == Disposition::Shutdown => return Ok(()),
            None if fill(stream, &mut input)? => {}
            None => return Ok(connection.receive_eof()?),
        }
    }
}

fn fill(mut stream: &TcpStream, input: &mut BytesMut) -> Result<bool> {
    let mut buffer = [0; 4096];
    let count = stream.read(&mut buffer)?;
    input.put(&buffer[..count]);
    Ok(count > 0)
}

fn write_all(mut stream: &TcpStream, mut bytes: impl Buf) -> Result<()> {
    while bytes.has_remaining() {
        let count = stream.write(bytes.chunk())?;
        bytes.advance(count);
    }
    Ok(())
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("there is a random source");
    bytes
}
