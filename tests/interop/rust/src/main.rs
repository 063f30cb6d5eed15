//! A thin rust-libp2p peer that answers the command lines of tests/interop/README.md.

mod connections;
mod contract;
mod exercises;
mod measure;
mod node;
mod options;
mod output;
mod pattern;
mod protocols;
mod run;
mod serve;
mod streams;
mod usage;

use options::Options;
use tokio::runtime::{Builder, Runtime};

pub type Error = Box<dyn std::error::Error + Send + Sync>;
pub type Result<T> = std::result::Result<T, Error>;

const USAGE: &str =
    "usage: peer serve [options] | peer run TEST --addr MULTIADDR [options] | peer transport-test";

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let Err(error) = runtime(&args).and_then(|threads| threads.block_on(dispatch(&args))) {
        eprintln!("rust peer: {error}");
        std::process::exit(1);
    }
}

/// One thread for resets: libp2p-quic finishes a stream that is dropped, then says that it reads no more. With
/// threads the end can leave alone, and who has echoed all by then has seen an orderly stream.
fn runtime(args: &[String]) -> Result<Runtime> {
    let mut builder = match args {
        [_, test, ..] if test == "reset" => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    Ok(builder.enable_all().build()?)
}

async fn dispatch(args: &[String]) -> Result<()> {
    match args {
        [verb, rest @ ..] if verb == "serve" => serve::serve(&Options::parse(rest)?).await,
        [verb] if verb == "transport-test" => contract::transport_test().await,
        [verb, test, rest @ ..] if verb == "run" => run::run(test, Options::parse(rest)?).await,
        _ => Err(USAGE.into()),
    }
}
