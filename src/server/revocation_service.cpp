#include "server/revocation_service.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "codec/base64.h"
#include "server/answers.h"

namespace vedette::server {

namespace {

using crypto::CertificateStanding;
using crypto::RevokedCertificate;
using platform::HttpResponse;
using platform::UnitOfWork;

constexpr std::string_view kEnding = ".crl";
constexpr std::chrono::hours kResponderLifetime{24};

HttpResponse answer_octets(std::string content_type, ByteView octets) {
  return answer_text(std::move(content_type), std::string(as_text(octets)));
}

// The number of `7.crl`, and 0 of `all.crl`; nothing for other names.
std::optional<std::size_t> shard_named(std::string_view name, bool sharded) {
  if (!name.ends_with(kEnding)) return std::nullopt;
  name.remove_suffix(kEnding.size());
  if (!sharded) return name == "all" ? std::optional<std::size_t>(0) : std::nullopt;
  std::size_t shard = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), shard);
  if (error != std::errc{} || end != name.data() + name.size() || std::to_string(shard) != name ||
      shard >= crypto::kRevocationShards)
    return std::nullopt;
  return shard;
}

// RFC 3986, 2.1; nothing for what is no encoding.
std::optional<std::string> percent_decoded(std::string_view text) {
  constexpr std::size_t kTriplet = 3;
  std::string decoded;
  while (!text.empty()) {
    if (text.front() != '%') {
      decoded += text.front();
      text.remove_prefix(1);
      continue;
    }
    if (text.size() < kTriplet) return std::nullopt;
    std::string digits(text.substr(1, 2));
    std::ranges::transform(digits, digits.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const auto octet = codec::from_hex(digits);
    if (!octet) return std::nullopt;
    decoded += static_cast<char>(octet->front());
    text.remove_prefix(kTriplet);
  }
  return decoded;
}

}  // namespace

Result<HttpResponse> RevocationService::list(const Call& call) {
  const std::string& name = call.arguments.at(0);
  const auto shard = shard_named(name, !authority_.revocation_url().empty());
  if (!shard) return refuse("HTTP-NOT-FOUND", "there is no such list", name.substr(0, 32));
  VEDETTE_TRY(const auto lists, current_lists());
  return answer_octets("application/pkix-crl", lists->lists.at(*shard));
}

Result<std::shared_ptr<const RevocationService::Lists>> RevocationService::current_lists() {
  const std::scoped_lock lock(lists_mutex_);
  const TimePoint now = clock_.now();
  const auto is_recent = [now](TimePoint at) { return now >= at && now - at < kListAge; };
  if (lists_ && is_recent(lists_->made_at)) return lists_;
  if (failure_ && is_recent(failure_->at)) return std::unexpected(failure_->error);
  auto made = make_lists(now);
  failure_.reset();
  if (made)
    lists_ = *std::move(made);
  else
    failure_ = Failure{now, made.error()};
  if (failure_) return std::unexpected(failure_->error);
  return lists_;
}

Result<std::shared_ptr<const RevocationService::Lists>> RevocationService::make_lists(
    TimePoint now) const {
  const bool sharded = !authority_.revocation_url().empty();
  std::vector<std::vector<RevokedCertificate>> entries(sharded ? crypto::kRevocationShards : 1);
  VEDETTE_CHECK(store_.read([&](UnitOfWork& unit) -> Result<void> {
    VEDETTE_TRY(const auto doubtful, unit.certificates().in_doubt(now));
    for (const auto& [certificate, device] : doubtful) {
      const CertificateStanding found = identity::standing_of(certificate, device);
      if (found.kind != CertificateStanding::Kind::revoked) continue;
      VEDETTE_TRY(const unsigned shard, crypto::revocation_shard(certificate.serial_hex));
      entries.at(sharded ? shard : 0).push_back({certificate.serial_hex, found.revocation});
    }
    return {};
  }));
  auto made = std::make_shared<Lists>();
  made->made_at = now;
  for (unsigned shard = 0; shard < entries.size(); ++shard) {
    std::optional<std::string> address;
    if (sharded) address = crypto::revocation_list_address(authority_.revocation_url(), shard);
    VEDETTE_TRY(Bytes der,
                authority_.revocation_list({address, now, now + kListLifetime}, entries.at(shard)));
    made->lists.push_back(std::move(der));
  }
  return made;
}

Result<crypto::OcspResponder> RevocationService::responder() {
  const std::scoped_lock lock(responder_mutex_);
  const TimePoint now = clock_.now();
  // One that ends with the authority is not made anew for that.
  const bool ends_soon = responder_ &&
                         responder_->certificate.not_after() - now < kResponderLifetime / 2 &&
                         responder_->certificate.not_after() < responder_->issuer.not_after();
  if (!responder_ || ends_soon) {
    VEDETTE_TRY(responder_, authority_.make_ocsp_responder(now, kResponderLifetime));
  }
  return *responder_;
}

Result<OcspStatement> RevocationService::statement_of(const crypto::Certificate& certificate) {
  const TimePoint now = clock_.now();
  VEDETTE_TRY(const crypto::OcspResponder by, responder());
  VEDETTE_TRY(Bytes der, crypto::make_ocsp_statement(certificate, by, now, now + kStapleLifetime));
  return OcspStatement{std::move(der), now};
}

Result<CertificateStanding> RevocationService::standing(const std::string& serial_hex) {
  CertificateStanding found;
  VEDETTE_CHECK(store_.read([&](UnitOfWork& unit) -> Result<void> {
    VEDETTE_TRY(const auto certificate, unit.certificates().find(serial_hex));
    if (!certificate) return {};
    VEDETTE_TRY(const auto device, unit.devices().find(certificate->device));
    if (device) found = identity::standing_of(*certificate, *device);
    return {};
  }));
  return found;
}

Result<HttpResponse> RevocationService::answer_to(ByteView request) {
  constexpr const char* kType = "application/ocsp-response";
  const TimePoint now = clock_.now();
  const auto answering = responder();
  if (!answering) return answer_octets(kType, crypto::ocsp_try_later());
  const auto answer =
      crypto::answer_ocsp(request, *answering, now, now + kOcspLifetime,
                          [this](const std::string& serial) { return standing(serial); });
  if (answer) return answer_octets(kType, *answer);
  return answer_octets(kType, answer.error().code == "OCSP-SYNTAX"
                                  ? crypto::ocsp_malformed_request()
                                  : crypto::ocsp_try_later());
}

Result<HttpResponse> RevocationService::ocsp(const Call& call) {
  return answer_to(call.request.body);
}

Result<HttpResponse> RevocationService::ocsp_by_address(const Call& call) {
  const auto text = percent_decoded(call.arguments.at(0));
  const auto request = codec::from_base64(text.value_or(""));
  return answer_to(request ? ByteView(*request) : ByteView());
}

}  // namespace vedette::server
