#include "server/revocation_service.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "codec/base64.h"
#include "crypto/issuance.h"
#include "crypto/ocsp_request.h"
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

std::size_t RevocationService::shards() const {
  return issuers_.front().authority.revocation_url().empty() ? 1 : crypto::kRevocationShards;
}

Result<HttpResponse> RevocationService::list(const Call& call) {
  const std::string& name = call.arguments.back();
  const std::string label = call.arguments.size() > 1 ? call.arguments.front() : "";
  const auto issuer = std::ranges::find(issuers_, label, &RevocationIssuer::label);
  const auto shard = shard_named(name, shards() > 1);
  if (!shard || issuer == issuers_.end())
    return refuse("HTTP-NOT-FOUND", "there is no such list", name.substr(0, 32));
  VEDETTE_TRY(const Bytes der,
              current_list(static_cast<std::size_t>(issuer - issuers_.begin()), *shard));
  return answer_octets("application/pkix-crl", der);
}

Result<Bytes> RevocationService::current_list(std::size_t issuer, std::size_t shard) {
  const std::scoped_lock lock(lists_mutex_);
  const TimePoint now = clock_.now();
  const auto is_recent = [now](TimePoint at) { return now >= at && now - at < kListAge; };
  if (lists_ && !is_recent(lists_->gathered_at)) lists_.reset();
  if (lists_ && lists_->made.at(issuer).at(shard)) return *lists_->made[issuer][shard];
  if (failure_ && is_recent(failure_->at)) return std::unexpected(failure_->error);
  failure_.reset();
  auto made = make_list(issuer, shard, now);
  if (!made) failure_ = Failure{now, made.error()};
  return made;
}

// Our own certificates name their issuer truly: no signature needs to be checked again.
Result<std::optional<std::size_t>> RevocationService::issuer_of(
    const identity::IssuedCertificate& certificate) const {
  VEDETTE_TRY(const auto parsed, crypto::Certificate::from_der(certificate.der));
  for (std::size_t i = 0; i < issuers_.size(); ++i)
    if (crypto::names_issuer(parsed, issuers_[i].authority.issuing())) return i;
  return std::nullopt;
}

Result<Bytes> RevocationService::make_list(std::size_t issuer, std::size_t shard, TimePoint now) {
  if (!lists_) {
    VEDETTE_TRY(lists_, gather(now));
  }
  const identity::CertificateAuthority& authority = issuers_.at(issuer).authority;
  std::optional<std::string> address;
  if (shards() > 1)
    address =
        crypto::revocation_list_address(authority.revocation_url(), static_cast<unsigned>(shard));
  const TimePoint at = lists_->gathered_at;
  VEDETTE_TRY(Bytes der, authority.revocation_list({address, at, at + kListLifetime},
                                                   lists_->entries.at(issuer).at(shard)));
  lists_->made.at(issuer).at(shard) = der;
  return der;
}

Result<RevocationService::Lists> RevocationService::gather(TimePoint now) const {
  Lists lists{.gathered_at = now, .entries = {}, .made = {}};
  lists.entries.assign(issuers_.size(), Entries(shards()));
  lists.made.assign(issuers_.size(), std::vector<std::optional<Bytes>>(shards()));
  VEDETTE_CHECK(store_.read([&](UnitOfWork& unit) -> Result<void> {
    VEDETTE_TRY(const auto doubtful, unit.certificates().in_doubt(now));
    for (const auto& [certificate, device] : doubtful) {
      const CertificateStanding found = identity::standing_of(certificate, device);
      if (found.kind != CertificateStanding::Kind::revoked) continue;
      VEDETTE_TRY(const auto issuer, issuer_of(certificate));
      if (!issuer) continue;
      VEDETTE_TRY(const unsigned shard, crypto::revocation_shard(certificate.serial_hex));
      lists.entries.at(*issuer)
          .at(shards() > 1 ? shard : 0)
          .push_back({certificate.serial_hex, found.revocation});
    }
    return {};
  }));
  return lists;
}

Result<crypto::OcspResponder> RevocationService::responder(std::size_t issuer) {
  const std::scoped_lock lock(responder_mutex_);
  const TimePoint now = clock_.now();
  auto& present = responders_.at(issuer);
  // One that ends with the authority is not made anew for that.
  const bool is_early = present && now < present->certificate.not_before();
  const bool ends_soon = present &&
                         present->certificate.not_after() - now < kResponderLifetime / 2 &&
                         present->certificate.not_after() < present->issuer.not_after();
  if (!present || is_early || ends_soon) {
    VEDETTE_TRY(present,
                issuers_.at(issuer).authority.make_ocsp_responder(now, kResponderLifetime));
  }
  return *present;
}

Result<OcspStatement> RevocationService::statement_of(const crypto::Certificate& certificate) {
  const TimePoint now = clock_.now();
  VEDETTE_TRY(const crypto::OcspResponder by, responder(0));
  VEDETTE_TRY(Bytes der, crypto::make_ocsp_statement(certificate, by, now, now + kStapleLifetime));
  return OcspStatement{std::move(der), now};
}

Result<CertificateStanding> RevocationService::standing(const std::string& serial_hex,
                                                        std::size_t issuer) {
  CertificateStanding found;
  VEDETTE_CHECK(store_.read([&](UnitOfWork& unit) -> Result<void> {
    VEDETTE_TRY(const auto certificate, unit.certificates().find(serial_hex));
    if (!certificate) return {};
    VEDETTE_TRY(const auto of, issuer_of(*certificate));
    if (of != issuer) return {};
    VEDETTE_TRY(const auto device, unit.devices().find(certificate->device));
    if (device) found = identity::standing_of(*certificate, *device);
    return {};
  }));
  return found;
}

// Who asks about nobody's certificate learns from the present issuing CA that it is unknown.
Result<HttpResponse> RevocationService::answer_to(ByteView request) {
  constexpr const char* kType = "application/ocsp-response";
  const TimePoint now = clock_.now();
  const auto asked = std::ranges::find_if(issuers_, [&](const RevocationIssuer& issuer) {
    return crypto::asks_about_issuer(request, issuer.authority.issuing());
  });
  const auto issuer =
      asked == issuers_.end() ? 0 : static_cast<std::size_t>(asked - issuers_.begin());
  const auto answering = responder(issuer);
  if (!answering) return answer_octets(kType, crypto::ocsp_try_later());
  const auto answer = crypto::answer_ocsp(
      request, *answering, now, now + kOcspLifetime,
      [this, issuer](const std::string& serial) { return standing(serial, issuer); });
  if (answer) return answer_octets(kType, *answer);
  return answer_octets(kType, answer.error().code == "OCSP-SYNTAX"
                                  ? crypto::ocsp_malformed_request()
                                  : crypto::ocsp_try_later());
}

Result<HttpResponse> RevocationService::ocsp(const Call& call) {
  return answer_to(call.request.body);
}

Result<HttpResponse> RevocationService::ocsp_by_address(const Call& call) {
  const auto text = percent_decoded(call.arguments.back());
  const auto request = codec::from_base64(text.value_or(""));
  return answer_to(request ? ByteView(*request) : ByteView());
}

}  // namespace vedette::server
