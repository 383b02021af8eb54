//! The modules of the facade, as a program imports them: the same names and signatures in each, and
//! what they name is what the other tests test.

use std::marker::PhantomData;

const fn is_send<T: Send>(_: &T) {}

const fn is_send_and_sync<T: Send + Sync>() {}

/// Compiles only if both are one type.
const fn is_same<T: ?Sized>(_: PhantomData<T>, _: PhantomData<T>) {}

/// Whether a type is the same in the driver and in a module.
macro_rules! same_as_in_the_driver {
    ($module:ident: $($name:ident $(<$parameter:tt>)?,)*) => {
        $(is_same(
            PhantomData::<tautline::$module::$name $(<$parameter>)?>,
            PhantomData::<tautline::driver::neutral::$name $(<$parameter>)?>,
        );)*
    };
}

macro_rules! facade {
    ($module:ident, $runtime:ident, $net:path) => {
        mod $module {
            use std::{future::IntoFuture, marker::PhantomData};

            use futures_util::join;
            use tautline::{
                driver,
                $module::{
                    CloseCode, Connector, Corked, Error, MaybeTlsStream, OriginPolicy, ReadHalf,
                    Serve, Upgrade, WebSocket, WriteHalf, accept, connect, serve, $runtime,
                },
            };
            use $net::{TcpListener, TcpStream};

            use super::{is_same, is_send, is_send_and_sync};
            use crate::support::{Adapter, Pipe, raw, run, spawn};

            type Transport = <$runtime as driver::Runtime>::Transport;

            #[test]
            fn the_names_are_those_of_the_driver() {
                same_as_in_the_driver! { $module:
                    AcceptError, ClientError, ClientRequest, CloseCode, CloseFrame, Closed, Config,
                    ConnectError, ConnectionLost, Error, Fin, HandshakeError, HandshakeLimits,
                    HeadError, Initiator, Keepalive, Lent<'static>, Limits, Message,
                    MessageRef<'static>, MissingOrigin, OriginPolicy, Pending, Prepared,
                    Received<'static>,
                    Refusal, RefusalReason, Reply<'static>, Request, RequestError, Response, Role,
                    SendError, ServeError, Timeout, UpgradeError, Uri, UriError, Utf8Bytes,
                    Violation,
                }
                is_same(
                    PhantomData::<WebSocket>,
                    PhantomData::<driver::WebSocket<Transport>>,
                );
                is_same(
                    PhantomData::<Upgrade>,
                    PhantomData::<driver::Upgrade<Transport>>,
                );
                is_same(
                    PhantomData::<Corked>,
                    PhantomData::<driver::Corked<Transport>>,
                );
                is_same(
                    PhantomData::<ReadHalf>,
                    PhantomData::<driver::ReadHalf<Transport>>,
                );
                is_same(
                    PhantomData::<WriteHalf>,
                    PhantomData::<driver::WriteHalf<Transport>>,
                );
                is_same(
                    PhantomData::<Connector>,
                    PhantomData::<driver::Connector<$runtime>>,
                );
                is_same(
                    PhantomData::<Serve<fn()>>,
                    PhantomData::<driver::Serve<$runtime, fn()>>,
                );
                is_same(
                    PhantomData::<MaybeTlsStream>,
                    PhantomData::<<Transport as driver::Transport>::Stream>,
                );
            }

            #[cfg(feature = "rustls")]
            #[test]
            fn the_settings_of_tls_are_those_of_the_driver() {
                use std::sync::Arc;

                use tautline::$module::tls::{
                    TlsAcceptor, client_config_with_roots,
                    rustls::{ClientConfig, ServerConfig},
                    server_config,
                };

                let client: Arc<ClientConfig> = client_config_with_roots([]).unwrap();
                let _ = Connector::new().tls(client);
                let authority = crate::support::certificates::Authority::new();
                let server: Arc<ServerConfig> = authority.server("localhost");
                let _ = TlsAcceptor::from(server);
                let _ = (tautline::$module::tls::client_config, server_config);
            }

            /// The echo server and the client of the crate's own documentation.
            #[test]
            fn a_program_changes_its_imports_and_nothing_else() {
                async fn echo(mut ws: Corked) -> Result<(), Error> {
                    while let Some(message) = ws.recv().await? {
                        ws.send(message).await?;
                    }
                    Ok(())
                }
                run::<$runtime>(async {
                    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                    let uri = format!("ws://{}/", listener.local_addr().unwrap());
                    let _server = spawn::<$runtime, _>(serve(listener, echo).into_future());
                    let mut ws: WebSocket = connect(uri).await.unwrap();
                    ws.send("hello").await.unwrap();
                    assert_eq!(ws.recv().await.unwrap(), Some("hello".into()));
                    assert!(ws.close(CloseCode::NORMAL, "").await.unwrap().is_clean());
                });
            }

            #[test]
            fn a_stream_of_the_runtime_is_accepted() {
                run::<$runtime>(async {
                    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                    let uri = format!("ws://{}/", listener.local_addr().unwrap());
                    let (server, _peer) = join!(
                        async { accept(listener.accept().await.unwrap().0).await },
                        raw::connect(&uri)
                    );
                    let server: WebSocket<TcpStream> = server.unwrap();
                    assert!($runtime::nodelay(server.stream()).unwrap());
                });
            }

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
                is_send(&accept(Pipe::pair(1).0));
                // Made and never polled.
                let upgrade = async |policy: OriginPolicy| {
                    let upgrade = Upgrade::read(Pipe::pair(1).0).await?;
                    let upgrade = upgrade.check_origin(&policy).await?;
                    upgrade
                        .accept_with(|accept| accept.subprotocol("chat"))
                        .await
                };
                is_send(&upgrade(OriginPolicy::any()));
                let reject = async || {
                    let upgrade = Upgrade::read(Pipe::pair(1).0).await?;
                    upgrade.reject(http::StatusCode::NOT_FOUND).await
                };
                is_send(&reject());
            }

            #[test]
            fn futures_of_a_connection_are_send() {
                // Made and never polled.
                let _ = async |mut ws: WebSocket| {
                    is_send(&ws.recv());
                    is_send(&ws.recv_ref());
                    is_send(&ws.send("hi"));
                    is_send(&ws.feed("hi"));
                    is_send(&ws.flush());
                    is_send(&ws.ping("hi"));
                    is_send(&ws.close(CloseCode::NORMAL, ""));
                    let (mut reader, writer) = ws.split();
                    is_send(&reader.recv());
                    is_send(&writer.send("hi"));
                    is_send(&writer.close(CloseCode::NORMAL, ""));
                };
            }

            #[test]
            fn servers_and_corked_connections_are_send() {
                // Made and never called.
                let _ = |listener: TcpListener, ws: WebSocket| {
                    let server = serve(listener, async |mut ws: Corked| {
                        while let Ok(Some(message)) = ws.recv().await {
                            let _ = ws.send(message).await;
                        }
                    });
                    is_send(&server.into_future());
                    is_send(&ws.cork(async |mut ws| ws.recv().await.map(drop)));
                };
            }
        }
    };
}

#[cfg(feature = "tokio")]
facade!(tokio, TokioRuntime, tokio::net);
#[cfg(feature = "async-std")]
facade!(async_std, AsyncStdRuntime, async_std::net);
#[cfg(feature = "smol")]
facade!(smol, SmolRuntime, smol::net);
