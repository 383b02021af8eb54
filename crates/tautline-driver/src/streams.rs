//! [`Stream`] and [`Sink`] for the connection and its halves.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use futures_core::{FusedStream, Stream};
use futures_sink::Sink;
use tautline_frame::CloseCode;
use tautline_message::Message;

use crate::{Error, ReadHalf, Transport, WebSocket, WriteHalf};

/// Ends after a clean closing handshake, or after the error that ended the connection.
impl<T: Transport + Unpin> Stream for WebSocket<T> {
    type Item = Result<Message, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let (receiver, link) = self.get_mut().parts();
        receiver.poll_item(link, cx)
    }
}

impl<T: Transport + Unpin> FusedStream for WebSocket<T> {
    fn is_terminated(&self) -> bool {
        self.receiver().is_terminated()
    }
}

/// `poll_ready` waits while more than the high-water mark is queued; `poll_close` runs the closing
/// handshake with code 1000.
impl<T: Transport + Unpin> Sink<Message> for WebSocket<T> {
    type Error = Error;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.get_mut().parts().1.poll_ready(cx)
    }

    fn start_send(self: Pin<&mut Self>, message: Message) -> Result<(), Error> {
        Ok(self.get_mut().parts().1.queue_message(message)?)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.get_mut().parts().1.poll_sent(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let (receiver, mut link) = self.get_mut().parts();
        link.start_close_once(CloseCode::NORMAL)?;
        receiver.poll_closed(&mut link, cx).map(|_| Ok(()))
    }
}

impl<T: Transport> Stream for ReadHalf<T> {
    type Item = Result<Message, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let (receiver, shared) = self.get_mut().parts();
        receiver.poll_item(shared, cx)
    }
}

/// `poll_close` sends a Close frame with code 1000; the receiving half sees the handshake through.
impl<T: Transport> Sink<Message> for WriteHalf<T> {
    type Error = Error;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.shared().lock().poll_ready(cx)
    }

    fn start_send(self: Pin<&mut Self>, message: Message) -> Result<(), Error> {
        self.shared().lock().queue_message(message)?;
        self.shared().wake_runner();
        Ok(())
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.shared().lock().poll_sent(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let mut link = self.shared().lock();
        link.start_close_once(CloseCode::NORMAL)?;
        link.poll_sent(cx)
    }
}
