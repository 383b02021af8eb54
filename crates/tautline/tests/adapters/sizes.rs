//! The largest messages that pass by default, and the smallest that do not.

use futures_util::join;
use tautline::{
    Error, Message,
    driver::{Transport, WebSocket},
};

use crate::support::{Adapter, pair};

const LARGEST: usize = 16 * 1024 * 1024;

async fn send_too_much<T: Transport>(sender: &mut WebSocket<T>, receiver: &mut WebSocket<T>) {
    let ((), refused) = join!(
        async {
            // Whether all of it can be sent before the other end says no is a matter of timing.
            let _ = sender.send(vec![b'x'; LARGEST + 1]).await;
            assert_eq!(sender.recv().await.unwrap(), None);
        },
        receiver.recv()
    );
    assert!(matches!(refused, Err(Error::Violation(_))), "{refused:?}");
    assert_eq!(sender.closed().code(), 1009);
    assert!(sender.closed().is_clean());
}

/// R6455-10.4-02
pub(crate) async fn sixteen_mebibytes_pass_both_ways<A: Adapter>() {
    let (mut client, mut server) = pair::<A>().await;
    let text = Message::from("x".repeat(LARGEST));
    let binary = Message::from(vec![0xA5; LARGEST]);
    let (sent, got) = join!(client.send(text.clone()), server.recv());
    sent.unwrap();
    assert!(got.unwrap() == Some(text));
    let (sent, got) = join!(server.send(binary.clone()), client.recv());
    sent.unwrap();
    assert!(got.unwrap() == Some(binary));
}

/// R6455-7.4.1-11, R6455-10.4-01, R6455-10.4-02
pub(crate) async fn one_byte_more_than_sixteen_mebibytes_is_refused_with_1009<A: Adapter>() {
    let (mut client, mut server) = pair::<A>().await;
    send_too_much(&mut client, &mut server).await;
    let (mut client, mut server) = pair::<A>().await;
    send_too_much(&mut server, &mut client).await;
}
