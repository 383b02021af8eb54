use std::rc::Rc;

use bytes::Bytes;
use tautline::driver::Upgrade;

use crate::{
    exchange::poll_to_end,
    feed::{Feed, Reads},
};

/// So many opening handshakes of a server, each on a connection of its own: the request is read,
/// checked and answered.
pub(crate) fn handshakes(count: u64) {
    let request: Rc<[Bytes]> = Rc::new([Bytes::from(BROWSER.replace('\n', "\r\n"))]);
    for _ in 0..count {
        let feed = Feed::new(request.clone(), 1, Bytes::new(), Reads::One);
        let kept = feed.kept();
        let accepted = poll_to_end(async { Upgrade::<Feed>::read(feed).await?.accept().await });
        accepted.expect("the request is a handshake");
        assert!(kept.borrow().starts_with(b"HTTP/1.1 101 "));
    }
}

/// What a browser sends.
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
