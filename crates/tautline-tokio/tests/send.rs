//! What a task of a runtime with several threads may hold.

use tautline_tokio::{
    CloseCode, Connector, Corked, MaybeTlsStream, OriginPolicy, ReadHalf, Upgrade, WebSocket,
    WriteHalf, accept, connect, serve,
};
use tokio::{
    io::duplex,
    net::{TcpListener, TcpStream},
};

use crate::support::{echo, pair};

const fn is_send<T: Send>(_: &T) {}

const fn is_send_and_sync<T: Send + Sync>() {}

#[test]
fn connections_are_send_and_sync() {
    is_send_and_sync::<WebSocket>();
    is_send_and_sync::<WebSocket<TcpStream>>();
    is_send_and_sync::<Upgrade>();
    is_send_and_sync::<Corked>();
    is_send_and_sync::<ReadHalf>();
    is_send_and_sync::<WriteHalf>();
    is_send_and_sync::<MaybeTlsStream>();
    is_send_and_sync::<Connector>();
}

#[test]
fn futures_of_the_opening_handshake_are_send() {
    let connector = Connector::new();
    is_send(&connect("ws://server.example.com/"));
    is_send(&connect(String::new()));
    is_send(&connector.connect("ws://server.example.com/"));
    is_send(&accept(duplex(1).0));
    // Made and never polled.
    let upgrade = async |policy: OriginPolicy| {
        let upgrade = Upgrade::read(duplex(1).0).await?;
        let upgrade = upgrade.check_origin(&policy).await?;
        upgrade
            .accept_with(|accept| accept.subprotocol("chat"))
            .await
    };
    is_send(&upgrade(OriginPolicy::any()));
    let reject = async || {
        let upgrade = Upgrade::read(duplex(1).0).await?;
        upgrade.reject(http::StatusCode::NOT_FOUND).await
    };
    is_send(&reject());
}

#[tokio::test]
async fn futures_of_a_connection_are_send() {
    let (mut client, _server) = pair().await;
    is_send(&client.recv());
    is_send(&client.recv_ref());
    is_send(&client.send("hi"));
    is_send(&client.feed("hi"));
    is_send(&client.flush());
    is_send(&client.ping("hi"));
    is_send(&client.close(CloseCode::NORMAL, ""));
    let (mut reader, writer) = client.split();
    is_send(&reader.recv());
    is_send(&writer.send("hi"));
    is_send(&writer.close(CloseCode::NORMAL, ""));
}

#[tokio::test]
async fn servers_and_corked_connections_are_send() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    is_send(&serve(listener, echo).into_future());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = serve(listener, async |mut ws: Corked| {
        while let Ok(Some(message)) = ws.recv().await {
            let _ = ws.send(message).await;
        }
    });
    is_send(&server.into_future());
    let (client, _server) = pair().await;
    is_send(&client.cork(echo));
}
