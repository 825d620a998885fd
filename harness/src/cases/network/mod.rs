//! The network: what the containers of a pod share, and how they are reached from elsewhere.

mod answers;
mod asking;
mod dns;
mod inside;
mod no_nat;
mod ports;
mod reach;
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
    reach::LOOPBACK_NOT_EXPOSED,
    reach::UNDECLARED_PORT_REACHABLE,
    reach::NODE_TO_POD,
    reach::PORT_FORWARD,
    reach::IP_SURVIVES_CONTAINER_RESTART,
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
