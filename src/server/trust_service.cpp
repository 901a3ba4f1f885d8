#include "server/trust_service.h"

#include <charconv>

#include "server/answers.h"

namespace vedette::server {

namespace {

using codec::Json;

Result<std::size_t> version_asked(const Call& call) {
  const auto found = call.query.find("from");
  const std::string text = found == call.query.end() ? "1" : found->second;
  std::size_t version = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
  if (error == std::errc{} && end == text.data() + text.size() && version > 0) return version;
  return refuse("HTTP-QUERY", "'from' is no version of a trust bundle", text.substr(0, 32));
}

}  // namespace

Result<platform::HttpResponse> TrustService::bundles(const Call& call) {
  VEDETTE_TRY(const std::size_t from, version_asked(call));
  Json::Array texts;
  std::size_t octets = 0;
  for (std::size_t i = from - 1; i < bundles_.size() && texts.size() < kBundlesAtOnce; ++i) {
    octets += bundles_[i].text().size();
    if (!texts.empty() && octets > kBundleOctetsAtOnce) break;
    texts.emplace_back(bundles_[i].text());
  }
  Json body;
  body.set("newest", std::uint64_t{bundles_.size()}).set("bundles", std::move(texts));
  return answer(body);
}

}  // namespace vedette::server
