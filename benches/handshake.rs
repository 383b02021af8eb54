//! The opening handshake, both ends, from bytes to bytes. **One element is one handshake.**
//!
//! * `handshake/server`: a request is read, parsed and checked, its origin too; it is accepted, the
//!   accept key computed, and the answer encoded. `browser` is what a browser sends, `minimal` the
//!   least that is a handshake.
//! * `handshake/client`: `request` parses a URI and makes a request of it, with a nonce from the
//!   operating system; `response` parses and checks the answer. `browser` is the answer to a
//!   request that offers a subprotocol and has a cookie, `minimal` to one with nothing.
//!
//! All allocations are included. Left out: the buffer that the bytes arrive in, which is made and
//! filled outside of the timing, and letting go of the results.

use std::hint::black_box;

use benches::criterion;
use bytes::{Bytes, BytesMut};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use tautline::handshake::{
    ClientHandshake, ClientRequest, OriginPolicy, Progress, Request, RequestError, Response,
    ServerHandshake,
};

fn server(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("handshake/server");
    group.throughput(Throughput::Elements(1));
    let policy = OriginPolicy::default();
    for (name, request) in [("browser", BROWSER), ("minimal", MINIMAL)] {
        let head = request.replace('\n', "\r\n");
        group.bench_function(name, |bencher| {
            bencher.iter_batched_ref(
                || BytesMut::from(&*head),
                |input| answer(black_box(input), &policy),
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

fn client(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("handshake/client");
    group.throughput(Throughput::Elements(1));
    let policy = OriginPolicy::default();
    for (name, request) in [
        ("browser", rich_request as fn(&str) -> _),
        ("minimal", plain_request),
    ] {
        group.bench_function(format!("request/{name}"), |bencher| {
            bencher.iter_with_large_drop(|| {
                start(&request(black_box(URI)).expect("the request is valid"))
            });
        });
        group.bench_function(format!("response/{name}"), |bencher| {
            bencher.iter_batched(
                || {
                    let request = request(URI).expect("the request is valid");
                    let (handshake, head) = start(&request);
                    let (response, _) = answer(&mut BytesMut::from(head), &policy);
                    (handshake, BytesMut::from(response))
                },
                |(handshake, mut input)| check(handshake, black_box(&mut input)),
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

/// A server: reads a request and answers it.
fn answer(input: &mut BytesMut, policy: &OriginPolicy) -> (Bytes, Request) {
    let Ok(Progress::Done(request)) = ServerHandshake::new().recv(input) else {
        panic!("the request is complete and valid");
    };
    policy.check(&request).expect("the origin is the host");
    let subprotocol = request.subprotocols().next().map(str::to_owned);
    let mut accept = request.accept().expect("the request is a handshake");
    if let Some(subprotocol) = subprotocol {
        accept = accept
            .subprotocol(&subprotocol)
            .expect("the client offered it");
    }
    accept.encode()
}

/// A client: makes the head of a request.
fn start(request: &ClientRequest) -> (ClientHandshake, Bytes) {
    let mut nonce = [0; 16];
    getrandom::fill(&mut nonce).expect("the operating system has a random source");
    ClientHandshake::new(request, nonce)
}

/// A client: reads the answer.
fn check(handshake: ClientHandshake, input: &mut BytesMut) -> Response {
    let Ok(Progress::Done(response)) = handshake.recv(input) else {
        panic!("the response is complete and valid");
    };
    response
}

fn plain_request(uri: &str) -> Result<ClientRequest, RequestError> {
    ClientRequest::try_from(uri)
}

fn rich_request(uri: &str) -> Result<ClientRequest, RequestError> {
    ClientRequest::try_from(uri)?
        .subprotocol("chat.v2")?
        .subprotocol("chat.v1")?
        .origin("https://chat.example.com")?
        .header("Cookie", "session=4f1c2ab09d7e; theme=dark")
}

const URI: &str = "wss://chat.example.com/rooms/42?since=1700000000";

/// The headers of a browser of today, in its order.
const BROWSER: &str = "\
GET /rooms/42?since=1700000000 HTTP/1.1
Host: chat.example.com
Connection: Upgrade
Pragma: no-cache
Cache-Control: no-cache
User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36
Upgrade: websocket
Origin: https://chat.example.com
Sec-WebSocket-Version: 13
Accept-Encoding: gzip, deflate, br, zstd
Accept-Language: en-GB,en;q=0.9,de;q=0.8
Cookie: session=4f1c2ab09d7e4d6c8f; theme=dark; _visits=17
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits
Sec-WebSocket-Protocol: chat.v2, chat.v1

";

const MINIMAL: &str = "\
GET / HTTP/1.1
Host: example.com
Upgrade: websocket
Connection: Upgrade
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
Sec-WebSocket-Version: 13

";

criterion_group!(name = benches; config = criterion(); targets = server, client);
criterion_main!(benches);
