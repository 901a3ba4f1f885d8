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

Result<tuf::Validity> TufService::renew_if_due() const {
  const TimePoint now = clock_.now();
  VEDETTE_TRY(const tuf::Validity validity, tuf::validity_of(files_, lifetimes_));
  if (now < validity.due) return validity;
  VEDETTE_CHECK(tuf::renew(folder_, keys_, lifetimes_, now));
  return tuf::validity_of(files_, lifetimes_);
}

Result<void> TufService::tend() {
  const TimePoint now = clock_.now();
  if (folder_.empty() || keys_.timestamp.empty() || now < next_look_) return {};
  const auto validity = renew_if_due();
  next_look_ = validity ? std::min(validity->due, now + kLook) : now;
  const std::scoped_lock lock(mutex_);
  refusal_.reset();
  if (validity) return {};
  refusal_ = validity.error();
  return std::unexpected(validity.error());
}

Json TufService::status() const {
  if (folder_.empty()) return nullptr;
  Json json;
  json.set("renews", !keys_.timestamp.empty());
  const auto validity = tuf::validity_of(files_, lifetimes_);
  if (validity) json.set("expires", to_rfc3339(validity->expires));
  if (validity && !keys_.timestamp.empty()) json.set("renewal_due", to_rfc3339(validity->due));
  const std::scoped_lock lock(mutex_);
  if (refusal_)
    json.set("refused", describe(*refusal_));
  else if (!validity)
    json.set("refused", describe(validity.error()));
  return json;
}

}  // namespace vedette::server
