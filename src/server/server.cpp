#include "server/server.h"

#include <set>
#include <span>
#include <string>
#include <utility>

#include "attestation/tpm2/tpm2_evidence.h"
#include "base/fd.h"
#include "server/admission.h"
#include "server/ca_folder.h"
#include "server/caller.h"
#include "server/gate.h"
#include "server/policy_file.h"
#include "server/routes.h"
#include "server/server_certificate.h"
#include "server/signing_keys.h"
#include "server/silence_watch.h"
#include "server/state_folder.h"
#include "server/upkeep.h"
#include "server/verifier_identity.h"

namespace vedette::server {

namespace {

constexpr std::size_t kMaxPemBytes = 64U << 10U;
constexpr std::chrono::seconds kSilencePeriod{5};
// Most of a handler's time is spent waiting for the disk: so many devices can share one commit.
constexpr unsigned kDeviceHandlers = 32;
constexpr std::size_t kMaxEnrollmentBody = std::size_t{1} << 20U;  // from whoever comes
// Of devices that are known: evidence with the logs of a whole boot, in base64.
constexpr std::size_t kMaxDeviceBody = std::size_t{16} << 20U;
constexpr std::size_t kMaxOperatorBody = std::size_t{256} << 20U;  // an uploaded model

Result<std::vector<crypto::PublicKey>> read_keys(const std::vector<std::string>& paths) {
  std::vector<crypto::PublicKey> keys;
  for (const std::string& path : paths) {
    VEDETTE_TRY(const Bytes pem, read_file(path, kMaxPemBytes));
    VEDETTE_TRY(crypto::PublicKey key, crypto::PublicKey::from_pem(as_text(pem)));
    keys.push_back(std::move(key));
  }
  return keys;
}

// Enrolment takes no certificate, so none is judged there.
platform::TlsServerSettings for_anybody(platform::TlsServerSettings tls) {
  tls.require_client_certificate = false;
  tls.client_roots.clear();
  tls.client_issuers.clear();
  return tls;
}

Result<ledger::Log> open_log(const identity::TrustDomain& domain, const crypto::PrivateKey& key) {
  VEDETTE_TRY(ledger::NoteSigner signer, ledger::NoteSigner::create(log_origin(domain), key));
  return ledger::Log(std::move(signer));
}

// The addresses of its revocations stand in a certificate: each issuing CA but the first has its
// own.
std::string revocation_label(const ServerKeys& keys, const crypto::Certificate& issuing) {
  const crypto::Certificate& first =
      keys.bundles.empty() ? keys.authority.issuing()
                           : keys.bundles.front().bundle().issuing.front().certificate;
  if (issuing.spki_sha256() == first.spki_sha256()) return {};
  return issuing_id(issuing.spki_sha256());
}

void tell_revocations_at(const std::string& url, ServerKeys& keys) {
  const auto tell = [&](identity::CertificateAuthority& authority) {
    const std::string label = revocation_label(keys, authority.issuing());
    authority.tell_revocations_at(url.empty() || label.empty() ? url : url + "/" + label);
  };
  tell(keys.authority);
  for (identity::CertificateAuthority& former : keys.former)
    tell(former);
}

// Rollovers happen where no log is: each start says which one it stands on.
Matter rolled_over(const ServerKeys& keys, const identity::SpiffeId& server) {
  const identity::SignedTrustBundle& bundle = keys.bundles.back();
  codec::Json details;
  details.set("version", bundle.bundle().version);
  details.set("sha256", to_hex(crypto::sha256(as_bytes(bundle.payload()))));
  return {.kind = "trust",
          .subject = "trust bundle",
          .actor = actor_of(server),
          .rule = {},
          .details = std::move(details)};
}

std::vector<RevocationIssuer> revocation_issuers(const ServerKeys& keys) {
  std::vector<RevocationIssuer> issuers{
      {keys.authority, revocation_label(keys, keys.authority.issuing())}};
  for (const identity::CertificateAuthority& former : keys.former)
    issuers.push_back({former, revocation_label(keys, former.issuing())});
  return issuers;
}

}  // namespace

struct Server::Impl {
  Impl(const ServerConfig& config, const Parts& parts, ServerKeys server_keys, ledger::Log log,
       LoadedPolicy loaded, std::vector<crypto::PublicKey> publishers,
       std::vector<crypto::PublicKey> signers, const identity::ServerId& name,
       std::unique_ptr<SigningKeys> verifier_keys, release::tuf::OnlineKeys tuf_keys)
      : keys(std::move(server_keys)),
        policy(std::move(loaded)),
        verifier(keys.authority.trust_domain(), name),
        signing(std::move(verifier_keys)),
        chronicle(parts.store, parts.clock, std::move(log)),
        judge{parts.store, keys.authority.trust_domain(), verifier, *signing, keys.trust},
        tpm2({config.registers, config.runtime_register, {}, config.bank}),
        enrollment(parts.store, chronicle, keys.authority, keys.trust, parts.clock,
                   config.certificate_lifetime, {tpm2, reference_cache}, config.token_groups,
                   [this](const DeviceId& device) { return disconnect({&device, 1}); }),
        attestation(parts.store, chronicle, parts.clock, verifier, *signing, reference_cache,
                    {{&tpm2}, config.attestation_lifetime, config.attestation_interval},
                    [this](const DeviceId& device) { return disconnect({&device, 1}); }),
        releases(parts.store, parts.blobs, chronicle, parts.clock, std::move(publishers),
                 config.two_person_tiers,
                 [this](const release::Release& release) { return tuf.check_listed(release); }),
        results(parts.store, chronicle, parts.clock),
        violations(parts.store, chronicle, parts.clock),
        operators(
            parts.store, chronicle, parts.clock, config.trust_domain,
            [this](const DeviceId& device) { return disconnect({&device, 1}); },
            [this] { return tuf.status(); }),
        references(parts.store, chronicle, parts.clock, reference_cache,
                   {config.runtime_register, {std::move(signers), config.registers, config.bank}}),
        log_service(parts.store),
        revocations(parts.store, revocation_issuers(keys), parts.clock),
        certificate(parts.clock, keys.authority, keys.trust, revocations,
                    {config.dns_names, config.ip_addresses}, config.server_certificate_lifetime),
        verifier_identity(parts.clock, keys.authority, keys.trust, verifier, *signing),
        renewal(parts.clock, verifier_identity),
        groups(parts.store, chronicle, parts.clock,
               [this](std::span<const DeviceId> devices) { return disconnect(devices); }),
        tokens(chronicle, parts.clock, verifier, *signing),
        trust(keys.bundles),
        makers(parts.store, chronicle),
        tuf(parts.clock, config.tuf, std::move(tuf_keys)),
        enrollment_places(config.issuances_at_once),
        renewal_places(config.issuances_at_once),
        silence(parts.store, chronicle, parts.clock,
                std::max(config.silence_limit, config.attestation_lifetime)),
        services{enrollment, attestation, releases,    results,     violations,
                 operators,  references,  log_service, revocations, renewal,
                 groups,     tokens,      trust,       makers,      tuf},
        enrollment_gate(enrollment_routes(services), entrance(parts)),
        device_gate(device_routes(services), entrance(parts)),
        operator_gate(operator_routes(services), entrance(parts)),
        enrollment_door(enrollment_gate, enrollment_places, enrollment_routes(services)),
        device_door(device_gate, renewal_places, device_routes(services)) {}

  // What every gate goes by.
  [[nodiscard]] Entrance entrance(const Parts& parts) {
    return {policy.policy, judge, parts.store, chronicle, parts.clock};
  }

  // All of them in one pass over the connections.
  std::size_t disconnect(std::span<const DeviceId> devices) const {
    std::set<std::string> uris;
    for (const DeviceId& device : devices)
      uris.insert(identity::SpiffeId(keys.authority.trust_domain(), device).str());
    return device_server->close_connections([&](const platform::Connection& connection) {
      const auto names =
          connection.peer ? connection.peer->uri_names() : std::vector<std::string>{};
      return names.size() == 1 && uris.contains(names.front());
    });
  }

  Result<void> listen(const ServerConfig& config, const Parts& parts);
  void start_upkeep(const Parts& parts);
  Result<void> renew_certificate();

  ServerKeys keys;
  LoadedPolicy policy;
  identity::SpiffeId verifier;
  std::unique_ptr<SigningKeys> signing;
  Chronicle chronicle;
  CallerJudge judge;
  ReferenceCache reference_cache;
  attestation::Tpm2Evidence tpm2;
  EnrollmentService enrollment;
  AttestationService attestation;
  ReleaseService releases;
  ResultGateway results;
  ViolationGateway violations;
  OperatorService operators;
  ReferenceService references;
  LogService log_service;
  RevocationService revocations;
  ServerCertificate certificate;
  VerifierIdentity verifier_identity;
  RenewalService renewal;
  GroupService groups;
  TokenService tokens;
  TrustService trust;
  MakerService makers;
  TufService tuf;
  Places enrollment_places;
  Places renewal_places;  // apart: whoever comes to enrol takes no place from a device
  SilenceWatch silence;
  Services services;
  Gate enrollment_gate;
  Gate device_gate;
  Gate operator_gate;
  Admission enrollment_door;
  Admission device_door;
  // Last, so that they stop before anything that their handlers use goes. The device listener is
  // the first to start and the last to stop: a revocation by an operator needs it.
  std::unique_ptr<platform::HttpServer> device_server;
  std::unique_ptr<platform::HttpServer> enrollment_server;
  std::unique_ptr<platform::HttpServer> operator_server;
  bool is_unshown = false;  // the certificate, to some listener; of the upkeep's thread
  Upkeep upkeep;
};

Result<void> Server::Impl::listen(const ServerConfig& config, const Parts& parts) {
  VEDETTE_CHECK(certificate.tend());
  const platform::TlsServerSettings tls = certificate.settings();
  platform::HttpServerSettings settings;
  settings.max_body_bytes = kMaxDeviceBody;
  const auto open = [&](const Listener& listener, platform::HttpHandler& gate) {
    settings.address = listener.address;
    settings.port = listener.port;
    return parts.http.serve(settings, gate);
  };
  settings.tls = tls;
  settings.handler_threads = kDeviceHandlers;
  VEDETTE_TRY(device_server, open(config.device, device_door));
  settings.handler_threads = platform::HttpServerSettings{}.handler_threads;
  settings.max_body_bytes = kMaxOperatorBody;
  VEDETTE_TRY(operator_server, open(config.operators, operator_gate));
  settings.max_body_bytes = kMaxEnrollmentBody;
  settings.tls = for_anybody(tls);
  VEDETTE_TRY(enrollment_server, open(config.enrollment, enrollment_door));
  return {};
}

// Live connections go on with the former one.
Result<void> Server::Impl::renew_certificate() {
  VEDETTE_TRY(const bool is_new, certificate.tend());
  if (!is_new && !is_unshown) return {};
  is_unshown = true;  // until every listener shows it
  const platform::TlsServerSettings tls = certificate.settings();
  VEDETTE_CHECK(device_server->renew(tls));
  VEDETTE_CHECK(operator_server->renew(tls));
  VEDETTE_CHECK(enrollment_server->renew(for_anybody(tls)));
  is_unshown = false;
  return {};
}

void Server::Impl::start_upkeep(const Parts& parts) {
  upkeep.start(
      {{"the signing keys", [this, &clock = parts.clock] { return signing->tend(clock.now()); }},
       {"the server's certificate", [this] { return renew_certificate(); }},
       {"the TUF repository", [this] { return tuf.tend(); }}},
      parts.upkeep_period);
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::start(const ServerConfig& config, const Parts& parts) {
  VEDETTE_TRY(const identity::TrustDomain domain,
              identity::TrustDomain::parse(config.trust_domain));
  VEDETTE_TRY(KeyCustody custody, KeyCustody::open(config.keys, parts.keys));
  VEDETTE_TRY(ServerKeys keys, load_state(config.state_folder, domain, parts.clock.now(), custody));
  tell_revocations_at(config.revocation_url, keys);
  VEDETTE_TRY(auto publishers, read_keys(config.publisher_keys));
  VEDETTE_TRY(auto signers, read_keys(config.manifest_signers));
  VEDETTE_TRY(ledger::Log log, open_log(domain, keys.log));
  VEDETTE_TRY(const identity::ServerId name, identity::ServerId::parse("verifier"));
  VEDETTE_TRY(LoadedPolicy policy, load_policy(config));
  VEDETTE_TRY(auto tuf_keys, TufService::open_keys(config.tuf, custody));
  VEDETTE_TRY(auto signing, SigningKeys::open(config.state_folder, std::move(custody),
                                              identity::KeyTerms{}, parts.clock.now()));
  auto impl = std::make_unique<Impl>(config, parts, std::move(keys), std::move(log),
                                     std::move(policy), std::move(publishers), std::move(signers),
                                     name, std::move(signing), std::move(tuf_keys));
  VEDETTE_CHECK(
      impl->chronicle.decide(in_force(impl->policy, impl->verifier),
                             [](platform::UnitOfWork&, Matter&) { return Result<void>{}; }));
  if (impl->keys.trust.version > 1)
    VEDETTE_CHECK(
        impl->chronicle.decide(rolled_over(impl->keys, impl->verifier),
                               [](platform::UnitOfWork&, Matter&) { return Result<void>{}; }));
  VEDETTE_CHECK(impl->releases.hold_unapproved(actor_of(impl->verifier)));
  VEDETTE_CHECK(impl->listen(config, parts));
  impl->silence.start(kSilencePeriod);
  impl->start_upkeep(parts);
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Ports Server::ports() const {
  return {.enrollment = impl_->enrollment_server->port(),
          .device = impl_->device_server->port(),
          .operators = impl_->operator_server->port()};
}

std::string Server::log_vkey() const {
  return impl_->chronicle.log().vkey();
}

}  // namespace vedette::server
