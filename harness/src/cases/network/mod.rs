//! The network: what the containers of a pod share, and how other pods, nodes and the API server connect to them.

mod answers;
mod client;
mod dns;
mod inside;
mod no_nat;
mod pod_ip;
mod ports;
mod readiness;
mod service;
mod terminating;
mod third_pod;

use super::case::Case;

pub(super) const CASES: &[Case] = &[
    inside::SHARED_NETNS,
    inside::LOCALHOST,
    inside::PORT_CONFLICT,
    inside::HOSTNAME,
    pod_ip::LOOPBACK_NOT_EXPOSED,
    pod_ip::UNDECLARED_PORT_REACHABLE,
    pod_ip::NODE_TO_POD,
    pod_ip::PORT_FORWARD,
    pod_ip::IP_SURVIVES_CONTAINER_RESTART,
    service::CLUSTERIP_ALL_READY,
    service::READINESS_GATES,
    service::ONE_CONTAINER_UNREADY_HIDES_POD,
    service::SERVICE_TWO_CONTAINERS,
    no_nat::POD_TO_POD_NO_NAT,
    no_nat::NODE_TO_NODE_NO_NAT,
    ports::NODEPORT_EVERY_NODE,
    ports::HOSTPORT,
    third_pod::MC3,
    terminating::TERMINATING_ENDPOINT,
    dns::DNS_SERVICE,
    dns::DNS_HEADLESS,
];
