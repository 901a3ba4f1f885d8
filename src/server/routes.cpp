#include "server/routes.h"

namespace vedette::server {

namespace {

using policy::Action;

// A member function of a service as a handler.
template <class Service>
Handler to(Service& service, Result<platform::HttpResponse> (Service::*member)(const Call&)) {
  return [&service, member](const Call& call) { return (service.*member)(call); };
}

}  // namespace

std::vector<Route> enrollment_routes(const Services& s) {
  using E = EnrollmentService;
  return {
      {"GET", "/.well-known/est/cacerts", Action::read_authorities,
       to(s.enrollment, &E::ca_certificates)},
      {"POST", "/v1/enrollments", Action::enroll, to(s.enrollment, &E::begin)},
      {"POST", "/.well-known/est/simpleenroll", Action::enroll,
       to(s.enrollment, &E::simple_enroll)},
  };
}

std::vector<Route> device_routes(const Services& s) {
  return {
      {"POST", "/.well-known/est/simplereenroll", Action::reenroll,
       to(s.enrollment, &EnrollmentService::simple_reenroll)},
      {"POST", "/v1/attestation/challenge", Action::challenge,
       to(s.attestation, &AttestationService::challenge)},
      {"POST", "/v1/attestation/evidence", Action::submit_evidence,
       to(s.attestation, &AttestationService::appraise)},
      {"GET", "/v1/releases/{}", Action::read_release, to(s.releases, &ReleaseService::latest)},
      {"GET", "/v1/blobs/{}", Action::read_blob, to(s.releases, &ReleaseService::get_blob)},
      {"POST", "/v1/results", Action::submit_results, to(s.results, &ResultGateway::submit)},
      {"POST", "/v1/violations", Action::submit_violations,
       to(s.violations, &ViolationGateway::submit)},
  };
}

std::vector<Route> operator_routes(const Services& s) {
  using O = OperatorService;
  using R = ReleaseService;
  using L = LogService;
  return {
      {"GET", "/v1/status", Action::read_everything, to(s.operators, &O::status)},
      {"GET", "/v1/devices", Action::read_everything, to(s.operators, &O::list_devices)},
      {"POST", "/v1/devices/allow", Action::manage_devices, to(s.operators, &O::allow_device)},
      {"POST", "/v1/endorsement-roots", Action::manage_devices,
       to(s.operators, &O::add_endorsement_root)},
      {"POST", "/v1/devices/{}/revoke", Action::manage_devices, to(s.operators, &O::revoke)},
      {"POST", "/v1/devices/{}/quarantine", Action::manage_devices,
       to(s.operators, &O::quarantine)},
      {"POST", "/v1/devices/{}/reinstate", Action::manage_devices, to(s.operators, &O::reinstate)},
      {"GET", "/v1/groups/{}/reference", Action::read_everything,
       to(s.operators, &O::show_reference)},
      {"PUT", "/v1/groups/{}/reference", Action::manage_references,
       to(s.operators, &O::set_reference)},
      {"POST", "/v1/groups/{}/reference/learn", Action::manage_references,
       to(s.operators, &O::learn_reference)},
      {"PUT", "/v1/blobs/{}", Action::publish_blob, to(s.releases, &R::put_blob)},
      {"POST", "/v1/releases", Action::publish_release, to(s.releases, &R::publish)},
      {"GET", "/v1/releases", Action::read_everything, to(s.releases, &R::list)},
      {"POST", "/v1/releases/{}/{}/block", Action::block_release, to(s.releases, &R::block)},
      {"GET", "/v1/receipts", Action::read_everything, to(s.results, &ResultGateway::list)},
      {"GET", "/v1/violations", Action::read_everything, to(s.violations, &ViolationGateway::list)},
      {"GET", "/v1/violations/{}/{}", Action::read_everything,
       to(s.violations, &ViolationGateway::show)},
      {"GET", "/v1/log/checkpoint", Action::read_everything, to(s.log, &L::checkpoint)},
      {"GET", "/v1/log/entries", Action::read_everything, to(s.log, &L::entries)},
      {"GET", "/v1/log/proof", Action::read_everything, to(s.log, &L::inclusion)},
      {"GET", "/v1/log/consistency", Action::read_everything, to(s.log, &L::consistency)},
  };
}

}  // namespace vedette::server
