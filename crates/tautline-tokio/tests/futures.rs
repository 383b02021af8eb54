//! `Stream` and `Sink` over TCP.

use futures_util::{SinkExt, StreamExt, TryStreamExt, stream};
use tautline_tokio::Message;
use tokio::join;

use crate::support::{pair, within};

#[tokio::test]
async fn a_server_forwards_its_stream_into_its_sink() {
    within(async {
        let (mut client, server) = pair().await;
        let (reader, writer) = server.split();
        let echo = tokio::spawn(reader.forward(writer));
        let messages: Vec<_> = (0..100).map(|n| Message::from(n.to_string())).collect();
        let mut outgoing = stream::iter(messages.clone()).map(Ok);
        SinkExt::send_all(&mut client, &mut outgoing).await.unwrap();
        for message in messages {
            assert_eq!(client.next().await.unwrap().unwrap(), message);
        }
        SinkExt::close(&mut client).await.unwrap();
        assert!(client.closed().is_clean());
        assert!(client.next().await.is_none());
        echo.await.unwrap().unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_stream_tells_an_error_once_and_ends() {
    within(async {
        let (client, server) = pair().await;
        drop(server);
        let (items, ()) = join!(client.into_stream().collect::<Vec<_>>(), async {});
        assert!(matches!(&items[..], [Err(_)]), "{items:?}");
    })
    .await;
}
