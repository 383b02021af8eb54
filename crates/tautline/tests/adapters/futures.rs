//! `Stream` and `Sink` over TCP.

use futures_util::{SinkExt, StreamExt, TryStreamExt, stream};
use tautline::Message;

use crate::support::{Adapter, pair, spawn};

pub(crate) async fn a_server_forwards_its_stream_into_its_sink<A: Adapter>() {
    let (mut client, server) = pair::<A>().await;
    let (reader, writer) = server.split();
    let echo = spawn::<A, _>(reader.forward(writer));
    let messages: Vec<_> = (0..100).map(|n| Message::from(n.to_string())).collect();
    let mut outgoing = stream::iter(messages.clone()).map(Ok);
    SinkExt::send_all(&mut client, &mut outgoing).await.unwrap();
    for message in messages {
        assert_eq!(client.next().await.unwrap().unwrap(), message);
    }
    SinkExt::close(&mut client).await.unwrap();
    assert!(client.closed().is_clean());
    assert!(client.next().await.is_none());
    echo.await.unwrap();
}

pub(crate) async fn a_stream_tells_an_error_once_and_ends<A: Adapter>() {
    let (client, server) = pair::<A>().await;
    drop(server);
    let items: Vec<_> = client.into_stream().collect().await;
    assert!(matches!(&items[..], [Err(_)]), "{items:?}");
}
