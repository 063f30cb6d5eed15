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

pub type Error = Box<dyn std::error::Error + Send + Sync>;
pub type Result<T> = std::result::Result<T, Error>;

const USAGE: &str =
    "usage: peer serve [options] | peer run TEST --addr MULTIADDR [options] | peer transport-test";

#[tokio::main]
async fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let Err(error) = dispatch(&args).await {
        eprintln!("rust peer: {error}");
        std::process::exit(1);
    }
}

async fn dispatch(args: &[String]) -> Result<()> {
    match args {
        [verb, rest @ ..] if verb == "serve" => serve::serve(&Options::parse(rest)?).await,
        [verb] if verb == "transport-test" => contract::transport_test().await,
        [verb, test, rest @ ..] if verb == "run" => run::run(test, Options::parse(rest)?).await,
        _ => Err(USAGE.into()),
    }
}
