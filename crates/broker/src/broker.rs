//! A broker's life.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use rmqtt::context::ServerContext;
use rmqtt::net::Listener;
use rmqtt::router::DefaultRouter;
use rmqtt::server::MqttServer;
use rmqtt::shared::DefaultShared;
use tokio::runtime::Handle;

use crate::door::Doorkeeper;
use crate::error::Error;
use crate::expel::Expel;
use crate::expelled::Expelled;
use crate::gate::Gate;
use crate::leave::Leaves;
use crate::retained::Retained;
use crate::routes::Routes;
use crate::sessions::{Ours, Pace};
use crate::settings;
use crate::spaces::Spaces;
use crate::threads::Threads;

/// What `rmqtt` calls our one listener. It would take the port, which may be 0.
const LISTENER: u16 = 1;

/// A broker that runs. One that is dropped ends too, but does not say when, and some memory is not given back.
pub struct Broker {
    address: SocketAddr,
    context: Arc<ServerContext>,
    expelled: Expelled,
    retained: Retained,
    threads: Threads,
}

impl Broker {
    /// Listens on `address`; with port 0, the system chooses one. Whoever connects from now on is served.
    pub async fn start(address: SocketAddr, door: Arc<dyn Doorkeeper>) -> Result<Self, Error> {
        let failed = |source| Error::Listen { address, source };
        let threads = Threads::start().map_err(Error::Threads)?;
        let expelled = Expelled::default();
        let retained = Retained::new(expelled.clone());
        let opened = threads.run(open(address, door, Handle::current(), expelled.clone(), retained.clone())).await;
        let (address, context) = opened.map_err(|panicked| failed(io::Error::other(panicked)))?.map_err(failed)?;
        Ok(Self { address, context, expelled, retained, threads })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What ends the connections of users whose password has changed.
    pub fn expel(&self) -> Expel {
        Expel::new(self.expelled.clone(), Arc::downgrade(&self.context), self.retained.clone(), self.threads.handle())
    }

    /// Cuts all connections, and returns when nothing of the broker runs any more. No wills are published: nobody is left to be told.
    pub async fn stop(self) {
        let Self { context, threads, .. } = self;
        // It fails only together with the runtime, and then the threads have ended as well.
        let _ = tokio::task::spawn_blocking(move || threads.stop()).await;
        // These and the context hold one another, and would stay for ever.
        *context.extends.shared_mut().await = Box::new(DefaultShared::new(None));
        *context.extends.router_mut().await = Box::new(DefaultRouter::new(None));
    }
}

/// Runs on the broker's own threads; doorkeepers are asked at `home`.
async fn open(
    address: SocketAddr,
    door: Arc<dyn Doorkeeper>,
    home: Handle,
    expelled: Expelled,
    retained: Retained,
) -> io::Result<(SocketAddr, Arc<ServerContext>)> {
    let listener = settings::listener(address).bind().and_then(Listener::tcp).map_err(plain)?;
    let address = listener.local_addr().map_err(plain)?;
    // The check for a busy machine is shared by all brokers of a process, and turns lamps away because of what others do.
    let context = Arc::new(ServerContext::new().busy_check_enable(false).build().await);
    take_by_user(&context).await;
    let ours = Ours::default();
    *context.extends.retain_mut().await = Box::new(retained.clone());
    *context.extends.session_mgr_mut().await = Box::new(Leaves);
    *context.extends.fitter_mgr_mut().await = Box::new(Pace(ours.clone()));
    Gate::new(door, home, retained, expelled, ours).stand(&context).await;
    let server = MqttServer::new(ServerContext::clone(&context)).listener_by_id(listener, LISTENER).build();
    tokio::spawn(async move {
        if let Err(error) = server.run().await {
            tracing::error!(%error, "the MQTT broker has ended");
        }
    });
    Ok((address, context))
}

/// From now on client ids are their users'.
async fn take_by_user(context: &ServerContext) {
    let mut shared = context.extends.shared_mut().await;
    let library = std::mem::replace(&mut *shared, Box::new(DefaultShared::new(None)));
    *shared = Box::new(Spaces::new(library));
    let mut router = context.extends.router_mut().await;
    let library = std::mem::replace(&mut *router, Box::new(DefaultRouter::new(None)));
    *router = Box::new(Routes::new(library));
}

fn plain(error: rmqtt::Error) -> io::Error {
    error.downcast::<io::Error>().unwrap_or_else(|other| io::Error::other(other.to_string()))
}
