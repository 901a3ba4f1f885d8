#include "server/tuf_service.h"

#include <algorithm>
#include <utility>

#include "server/answers.h"

namespace vedette::server {

namespace {

using codec::Json;
using platform::HttpResponse;
namespace tuf = release::tuf;

constexpr std::chrono::seconds kLook{60};

std::unexpected<Error> no_file(const std::string& name) {
  return refuse("HTTP-NOT-FOUND", "the TUF repository has no such file", name.substr(0, 200));
}

}  // namespace

Result<tuf::OnlineKeys> TufService::open_keys(const TufSettings& settings,
                                              const KeyCustody& custody) {
  if (settings.online_key.empty()) return tuf::OnlineKeys{};
  VEDETTE_TRY(const crypto::PrivateKey key, custody.open_key(settings.online_key));
  return tuf::OnlineKeys{.snapshot = {key}, .timestamp = {key}};
}

Result<void> TufService::check_serves() const {
  if (!folder_.empty()) return {};
  return refuse("HTTP-NOT-FOUND", "this server serves no TUF repository", {},
                "name its folder in the server's configuration: 'tuf.repository'");
}

Result<HttpResponse> TufService::metadata(const Call& call) {
  VEDETTE_CHECK(check_serves());
  const std::string& name = call.arguments.at(0);
  VEDETTE_TRY(auto octets, files_.metadata(name));
  if (!octets) return no_file(name);
  HttpResponse response;
  response.body = *std::move(octets);
  return response;
}

Result<HttpResponse> TufService::target(const Call& call) {
  VEDETTE_CHECK(check_serves());
  const std::string& path = call.arguments.at(0);
  VEDETTE_TRY(auto file, files_.target(path));
  if (!file) return no_file(path);
  return answer_file(std::move(file->fd), file->size);
}

Result<tuf::Validity> TufService::renew_if_due(TimePoint now) const {
  VEDETTE_TRY(tuf::Validity validity, tuf::validity_of(files_, lifetimes_));
  if (keys_.timestamp.empty() || !tuf::is_renewal_due(validity, now)) return validity;
  VEDETTE_CHECK(tuf::renew(folder_, keys_, lifetimes_, now));
  return tuf::validity_of(files_, lifetimes_);
}

Result<void> TufService::tend() {
  const TimePoint now = clock_.now();
  // A clock that was set back would make it wait for a time that may be years away.
  if (folder_.empty() || (last_look_ <= now && now < next_look_)) return {};
  last_look_ = now;
  const auto validity = renew_if_due(now);
  next_look_ = validity ? now + kLook : now;
  if (validity && !keys_.timestamp.empty()) next_look_ = std::min(validity->due, next_look_);
  const std::scoped_lock lock(mutex_);
  refusal_.reset();
  if (validity) return tuf::check_current(*validity, now);
  refusal_ = validity.error();
  return std::unexpected(validity.error());
}

Result<void> TufService::check_listed(const release::Release& release) {
  if (folder_.empty()) return {};
  auto listed = listing_.check(release.model, release.number, release.statement);
  if (!listed && listed.error().code == "TUF-NOTHING") return {};
  return listed;
}

Json TufService::status() const {
  if (folder_.empty()) return nullptr;
  Json json;
  json.set("renews", !keys_.timestamp.empty());
  const auto validity = tuf::validity_of(files_, lifetimes_);
  if (validity)
    json.set("expires", to_rfc3339(validity->expires)).set("expires_first", validity->first);
  if (validity && !keys_.timestamp.empty()) json.set("renewal_due", to_rfc3339(validity->due));
  const auto current =
      validity ? tuf::check_current(*validity, clock_.now()) : std::unexpected(validity.error());
  const std::scoped_lock lock(mutex_);
  if (refusal_)
    json.set("refused", describe(*refusal_));
  else if (!current)
    json.set("refused", describe(current.error()));
  return json;
}

}  // namespace vedette::server
