#include "server/routes.h"

#include <utility>

#include "server/est.h"

namespace vedette::server {

namespace {

using policy::Action;

// A member function of a service as a handler.
template <class Service>
Handler to(Service& service, Result<platform::HttpResponse> (Service::*member)(const Call&)) {
  return [&service, member](const Call& call) { return (service.*member)(call); };
}

// Of a group, or of one SKU in it: `whose` is the path that names it.
void add_reference_routes(std::vector<Route>& routes, const std::string& whose,
                          ReferenceService& service) {
  using S = ReferenceService;
  const auto add = [&](const char* method, const char* path, Action action, auto member,
                       bool is_approval = false) {
    routes.push_back(
        {method, whose + path, action, to(service, member), About::group, is_approval});
  };
  add("GET", "/reference", Action::read_everything, &S::show);
  add("PUT", "/reference", Action::manage_references, &S::set);
  add("POST", "/reference/learn", Action::manage_references, &S::learn);
  add("POST", "/reference/accept", Action::manage_references, &S::accept);
  add("POST", "/reference/import", Action::manage_references, &S::import_manifest);
  add("GET", "/reference/proposal", Action::read_everything, &S::show_proposal);
  add("POST", "/reference/approve", Action::manage_references, &S::approve, true);
}

void add_group_routes(std::vector<Route>& routes, GroupService& service) {
  using S = GroupService;
  routes.push_back({"POST", "/v1/groups/{}/revoke", Action::revoke_group, to(service, &S::revoke),
                    About::group});
  routes.push_back({"GET", "/v1/groups/{}/revoke/proposal", Action::read_everything,
                    to(service, &S::show_proposal), About::group});
  routes.push_back({"POST", "/v1/groups/{}/revoke/approve", Action::revoke_group,
                    to(service, &S::approve), About::group, true});
}

Route bounded(Route&& route) {
  route.is_bounded = true;
  return std::move(route);
}

// What everybody may read there needs no record.
std::vector<Route> for_devices(std::vector<Route> routes) {
  for (Route& route : routes)
    route.for_devices = route.action != Action::read_authorities;
  return routes;
}

std::vector<Route> with_refusals(std::vector<Route> routes) {
  for (Route& route : refused_est_routes())
    routes.push_back(std::move(route));
  return routes;
}

}  // namespace

std::vector<Route> enrollment_routes(const Services& s) {
  using E = EnrollmentService;
  using V = RevocationService;
  return with_refusals({
      {"GET", "/.well-known/est/cacerts", Action::read_authorities,
       to(s.enrollment, &E::ca_certificates)},
      {"GET", "/.well-known/est/csrattrs", Action::read_authorities,
       to(s.enrollment, &E::csr_attributes)},
      {"GET", "/.well-known/est/nonce", Action::enroll, to(s.enrollment, &E::nonce)},
      {"GET", "/.well-known/jwks.json", Action::read_authorities,
       to(s.tokens, &TokenService::key_set)},
      {"GET", "/v1/time", Action::read_authorities, to(s.renewal, &RenewalService::time)},
      {"GET", "/revocation/crl/{}", Action::read_authorities, to(s.revocations, &V::list)},
      {"POST", "/revocation/ocsp", Action::read_authorities, to(s.revocations, &V::ocsp)},
      {"GET", "/revocation/ocsp/{}", Action::read_authorities,
       to(s.revocations, &V::ocsp_by_address)},
      {"GET", "/revocation/{}/crl/{}", Action::read_authorities, to(s.revocations, &V::list)},
      {"POST", "/revocation/{}/ocsp", Action::read_authorities, to(s.revocations, &V::ocsp)},
      {"GET", "/revocation/{}/ocsp/{}", Action::read_authorities,
       to(s.revocations, &V::ocsp_by_address)},
      {"GET", "/v1/trust/bundles", Action::read_authorities, to(s.trust, &TrustService::bundles)},
      bounded({"POST", "/v1/enrollments", Action::enroll, to(s.enrollment, &E::begin)}),
      bounded({"POST", "/.well-known/est/simpleenroll", Action::enroll,
               to(s.enrollment, &E::simple_enroll)}),
      {"POST", "/.well-known/est/simplereenroll", Action::read_authorities,
       refuse_renewal_without_certificate},
  });
}

std::vector<Route> device_routes(const Services& s) {
  using E = EnrollmentService;
  return for_devices(with_refusals({
      {"GET", "/.well-known/est/cacerts", Action::read_authorities,
       to(s.enrollment, &E::ca_certificates)},
      {"GET", "/.well-known/est/csrattrs", Action::read_authorities,
       to(s.enrollment, &E::csr_attributes)},
      bounded({"POST", "/.well-known/est/simplereenroll", Action::reenroll,
               to(s.enrollment, &E::simple_reenroll)}),
      {"GET", "/v1/renewal-info", Action::reenroll, to(s.renewal, &RenewalService::info)},
      {"GET", "/v1/trust/bundles", Action::read_authorities, to(s.trust, &TrustService::bundles)},
      {"POST", "/v1/attestation/challenge", Action::challenge,
       to(s.attestation, &AttestationService::challenge)},
      {"POST", "/v1/attestation/evidence", Action::submit_evidence,
       to(s.attestation, &AttestationService::appraise)},
      {"GET", "/v1/attestation/wanted", Action::challenge,
       to(s.attestation, &AttestationService::is_wanted)},
      {"GET", "/v1/releases/{}", Action::read_release, to(s.releases, &ReleaseService::latest),
       About::latest_release},
      {"GET", "/v1/blobs/{}", Action::read_blob, to(s.releases, &ReleaseService::get_blob),
       About::release_of_query},
      {"GET", "/v1/tuf/metadata/{}", Action::read_tuf, to(s.tuf, &TufService::metadata)},
      {"GET", "/v1/tuf/targets/{...}", Action::read_tuf, to(s.tuf, &TufService::target)},
      {"POST", "/v1/results", Action::submit_results, to(s.results, &ResultGateway::submit)},
      {"POST", "/v1/violations", Action::submit_violations,
       to(s.violations, &ViolationGateway::submit)},
      {"POST", "/v1/tokens", Action::request_token, to(s.tokens, &TokenService::issue),
       About::audience},
  }));
}

std::vector<Route> operator_routes(const Services& s) {
  using O = OperatorService;
  using R = ReleaseService;
  using L = LogService;
  using M = MakerService;
  std::vector<Route> routes{
      {"GET", "/v1/status", Action::read_everything, to(s.operators, &O::status)},
      {"GET", "/v1/trust/bundles", Action::read_authorities, to(s.trust, &TrustService::bundles)},
      {"GET", "/v1/devices", Action::read_everything, to(s.operators, &O::list_devices)},
      {"POST", "/v1/devices/allow", Action::manage_devices, to(s.operators, &O::allow_device),
       About::body},
      {"POST", "/v1/enrollment-tokens", Action::manage_devices,
       to(s.operators, &O::make_enrollment_token), About::body},
      {"GET", "/v1/endorsement-roots", Action::read_everything, to(s.makers, &M::list)},
      {"POST", "/v1/endorsement-roots", Action::manage_devices, to(s.makers, &M::add), About::body},
      {"POST", "/v1/endorsement-roots/remove", Action::manage_devices, to(s.makers, &M::remove),
       About::body},
      {"POST", "/v1/devices/{}/sku", Action::manage_devices, to(s.operators, &O::set_sku),
       About::device},
      {"POST", "/v1/devices/{}/disallow", Action::manage_devices,
       to(s.operators, &O::disallow_device), About::device},
      {"POST", "/v1/devices/{}/revoke", Action::manage_devices, to(s.operators, &O::revoke),
       About::device},
      {"POST", "/v1/devices/{}/quarantine", Action::manage_devices, to(s.operators, &O::quarantine),
       About::device},
      {"POST", "/v1/devices/{}/reinstate", Action::manage_devices, to(s.operators, &O::reinstate),
       About::device},
      {"POST", "/v1/devices/{}/challenge", Action::manage_devices,
       to(s.attestation, &AttestationService::want), About::device},
      {"GET", "/v1/devices/{}/explanation", Action::read_everything,
       to(s.references, &ReferenceService::explain)},
      {"PUT", "/v1/blobs/{}", Action::publish_blob, to(s.releases, &R::put_blob)},
      {"POST", "/v1/releases", Action::publish_release, to(s.releases, &R::publish)},
      {"GET", "/v1/releases", Action::read_everything, to(s.releases, &R::list)},
      {"GET", "/v1/releases/{}/{}", Action::read_everything, to(s.releases, &R::show)},
      {"POST", "/v1/releases/{}/{}/approval", Action::approve_release, to(s.releases, &R::approve),
       About::release},
      {"POST", "/v1/releases/{}/{}/block", Action::block_release, to(s.releases, &R::block),
       About::release},
      {"GET", "/v1/receipts", Action::read_everything, to(s.results, &ResultGateway::list)},
      {"GET", "/v1/violations", Action::read_everything, to(s.violations, &ViolationGateway::list)},
      {"GET", "/v1/violations/{}/{}", Action::read_everything,
       to(s.violations, &ViolationGateway::show)},
      {"GET", "/v1/log/checkpoint", Action::read_everything, to(s.log, &L::checkpoint)},
      {"GET", "/v1/log/entries", Action::read_everything, to(s.log, &L::entries)},
      {"GET", "/v1/log/proof", Action::read_everything, to(s.log, &L::inclusion)},
      {"GET", "/v1/log/consistency", Action::read_everything, to(s.log, &L::consistency)},
  };
  add_group_routes(routes, s.groups);
  add_reference_routes(routes, "/v1/groups/{}", s.references);
  add_reference_routes(routes, "/v1/groups/{}/skus/{}", s.references);
  return routes;
}

}  // namespace vedette::server
