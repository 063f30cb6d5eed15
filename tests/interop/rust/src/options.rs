//! The options of the contract; a test reads those it knows.

use libp2p::pnet::PreSharedKey;

use crate::Result;

#[derive(Clone)]
pub struct Options {
    pub transport: String,
    pub security: String,
    pub muxer: String,
    pub key_type: String,
    pub psk: Option<PreSharedKey>,
    pub listen: String,
    pub addr: String,
    pub dir: String,
    pub by: String,
    pub bytes: u64,
    pub after: u64,
    pub streams: u64,
    pub count: usize,
    pub open: usize,
    pub concurrency: usize,
    pub conns: usize,
    pub identify: bool,
    pub wait_for_muxer: bool, // set by the handshakes test
}

impl Default for Options {
    fn default() -> Self {
        Options {
            transport: "tcp".into(),
            security: "noise".into(),
            muxer: "yamux".into(),
            key_type: "ed25519".into(),
            psk: None,
            listen: String::new(),
            addr: String::new(),
            dir: "down".into(),
            by: "dialer".into(),
            bytes: 10 << 20,
            after: 64 << 10,
            streams: 1,
            count: 1000,
            open: 200,
            concurrency: 1,
            conns: 1,
            identify: false,
            wait_for_muxer: false,
        }
    }
}

impl Options {
    pub fn parse(args: &[String]) -> Result<Options> {
        let mut o = Options::default();
        let mut rest = args.iter();
        while let Some(name) = rest.next() {
            if name == "--identify" {
                o.identify = true;
                continue;
            }
            let value = rest.next().ok_or_else(|| format!("{name} needs a value"))?;
            o.set(name, value).map_err(|e| format!("{name} {value}: {e}"))?;
        }
        Ok(o)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<()> {
        match name {
            "--transport" => self.transport = value.into(),
            "--security" => self.security = value.into(),
            "--muxer" => self.muxer = value.into(),
            "--key-type" => self.key_type = value.into(),
            "--psk" => {
                self.psk = Some(std::fs::read_to_string(value)?.parse().map_err(|e| format!("{e:?}"))?)
            }
            "--listen" => self.listen = value.into(),
            "--addr" => self.addr = value.into(),
            "--dir" => self.dir = value.into(),
            "--by" => self.by = value.into(),
            "--bytes" => self.bytes = value.parse()?,
            "--after" => self.after = value.parse()?,
            "--streams" => self.streams = value.parse()?,
            "--count" => self.count = value.parse()?,
            "--open" => self.open = value.parse()?,
            "--concurrency" => self.concurrency = value.parse()?,
            "--conns" => self.conns = value.parse()?,
            "--gossip" => return Err("gossip is not built into this peer".into()),
            _ => return Err("unknown option".into()),
        }
        Ok(())
    }
}
