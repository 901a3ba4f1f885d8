#include "agent/trust_anchors.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "agent/state_file.h"
#include "base/new_file.h"
#include "codec/json.h"
#include "platform/net/json_api.h"

namespace vedette::agent {

namespace {

using codec::Json;
using identity::SignedTrustBundle;

constexpr std::size_t kMaxStateFile = 2 * identity::kMaxTrustBundle;
// A device walks over no more at once: a server may send what it likes.
constexpr std::size_t kMostBundles = 1'024;
constexpr std::size_t kMostOctets = std::size_t{16} << 20U;

struct Page {
  std::uint64_t newest = 0;
  std::vector<std::string> bundles;
};

Result<Page> fetch_page(platform::HttpClient& client, std::uint64_t from) {
  VEDETTE_TRY(const auto response,
              client.send(platform::get_request("/v1/trust/bundles?from=" + std::to_string(from))));
  VEDETTE_TRY(const Json answer, platform::read_json_answer(response));
  Page page;
  VEDETTE_TRY(const std::int64_t newest, answer.integer("newest"));
  VEDETTE_TRY(const Json* bundles, answer.array("bundles"));
  if (newest < 0) return refuse("BUNDLE-SYNTAX", "the trust bundle is malformed", "newest");
  page.newest = static_cast<std::uint64_t>(newest);
  for (const Json& bundle : *bundles->if_array()) {
    if (bundle.if_string() == nullptr)
      return refuse("BUNDLE-SYNTAX", "the trust bundle is malformed", "no text");
    page.bundles.push_back(*bundle.if_string());
  }
  return page;
}

// All from a version on, page by page.
Result<Page> fetch_from(platform::HttpClient& client, std::uint64_t from) {
  Page all;
  std::size_t octets = 0;
  do {
    VEDETTE_TRY(Page page, fetch_page(client, from + all.bundles.size()));
    all.newest = page.newest;
    if (page.bundles.empty()) break;
    for (std::string& bundle : page.bundles) {
      octets += bundle.size();
      all.bundles.push_back(std::move(bundle));
    }
    if (all.bundles.size() > kMostBundles || octets > kMostOctets)
      return refuse("BUNDLE-SYNTAX", "the server has more trust bundles than a device walks over",
                    std::to_string(all.bundles.size()));
  } while (from + all.bundles.size() <= all.newest);
  if (from + all.bundles.size() <= all.newest)
    return refuse("BUNDLE-GAP", "the server lacks trust bundles that it says it has",
                  "the newest is " + std::to_string(all.newest) + ", and it has none from " +
                      std::to_string(from + all.bundles.size()) + " on",
                  "restore 'ca/bundles' of the server's state folder from its backup");
  return all;
}

}  // namespace

Result<TrustAnchors> TrustAnchors::load(const std::string& folder,
                                        std::vector<crypto::Certificate> configured,
                                        const identity::TrustDomain& trust_domain) {
  TrustAnchors anchors(folder + "/trust.json", std::move(configured), trust_domain);
  remove_leftovers(anchors.path_);
  VEDETTE_TRY(const auto document, read_state_file(anchors.path_, kMaxStateFile));
  if (!document) return anchors;
  VEDETTE_TRY(const std::string text, document->string("bundle"));
  VEDETTE_TRY(SignedTrustBundle held, SignedTrustBundle::parse(text));
  if (held.bundle().trust_domain != trust_domain.str())
    return refuse("BUNDLE-DOMAIN", "the trust bundle is of another trust domain",
                  anchors.path_ + ": " + held.bundle().trust_domain,
                  "a device that moves to another trust domain starts with an empty state folder");
  anchors.hold(std::move(held));
  return anchors;
}

Result<bool> TrustAnchors::follow(platform::HttpClient& client, TimePoint now) {
  const auto present = held();
  VEDETTE_TRY(const Page page, fetch_from(client, version() + 1));
  if (page.newest < version())
    return refuse("BUNDLE-ROLLBACK", "the server's newest trust bundle is older than ours",
                  std::to_string(page.newest) + " after " + std::to_string(version()),
                  "was the server restored from a backup?");
  VEDETTE_TRY(auto newest,
              identity::walk_trust({.trust_domain = trust_domain_,
                                    .held = present ? std::optional(*present) : std::nullopt,
                                    .anchors = configured_,
                                    .now = now},
                                   page.bundles));
  if (!newest) return false;
  Json document;
  document.set("bundle", newest->text());
  VEDETTE_CHECK(write_state_file(path_, document, kMaxStateFile));
  hold(*std::move(newest));
  return true;
}

std::shared_ptr<const SignedTrustBundle> TrustAnchors::held() const {
  const std::scoped_lock lock(*mutex_);
  return held_;
}

void TrustAnchors::hold(SignedTrustBundle bundle) {
  const std::scoped_lock lock(*mutex_);
  held_ = std::make_shared<const SignedTrustBundle>(std::move(bundle));
}

std::uint64_t TrustAnchors::version() const {
  const auto present = held();
  return present ? present->bundle().version : 0;
}

std::vector<crypto::Certificate> TrustAnchors::roots_at(TimePoint now) const {
  const auto present = held();
  return present ? present->bundle().roots_at(now) : configured_;
}

Result<void> TrustAnchors::check_server(std::span<const crypto::Certificate> chain,
                                        TimePoint now) const {
  const auto present = held();
  if (!present) return {};
  const identity::TrustBundle& trust = present->bundle();
  const std::string between =
      chain.front().subject() + ", against trust bundle " + std::to_string(trust.version);
  for (std::size_t i = 1; i + 1 < chain.size(); ++i)
    if (identity::is_retired(chain[i], trust, now))
      return refuse("NET-ISSUER", "the server's certificate is of an authority that was retired",
                    between,
                    "a server that was not started again since the rollover? If not, somebody has "
                    "a former authority's key");
  const auto is_its_root = [&](const crypto::Certificate& root) {
    return root.fingerprint() == chain.back().fingerprint();
  };
  if (std::ranges::any_of(trust.roots_at(now), is_its_root)) return {};
  return refuse("NET-ISSUER", "the server's certificate is of a root that is not trusted any more",
                between, "it was when this connection was prepared; the next one knows better");
}

std::vector<crypto::Certificate> TrustAnchors::issuers_among(
    std::span<const crypto::Certificate> told, TimePoint now) const {
  std::vector<crypto::Certificate> issuers = intermediates_at(now);
  const auto present = held();
  std::ranges::copy_if(told, std::back_inserter(issuers), [&](const crypto::Certificate& one) {
    return !present || !identity::is_retired(one, present->bundle(), now);
  });
  return issuers;
}

std::optional<TimePoint> TrustAnchors::next_end(TimePoint now) const {
  const auto bundle = held();
  return bundle ? bundle->bundle().next_end(now) : std::nullopt;
}

std::vector<crypto::Certificate> TrustAnchors::intermediates_at(TimePoint now) const {
  const auto present = held();
  return present ? present->bundle().intermediates_at(now) : std::vector<crypto::Certificate>();
}

}  // namespace vedette::agent
