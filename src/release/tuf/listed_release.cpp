#include "release/tuf/listed_release.h"

#include <map>

#include "release/tuf/folder_fetcher.h"

namespace vedette::release::tuf {
namespace {

// Nothing has to outlast a reading.
class NoDisk final : public MetadataStore {
 public:
  Result<std::optional<Bytes>> read(std::string_view role, std::uint64_t max_octets) override {
    const auto found = files_.find(role);
    if (found == files_.end() || found->second.size() > max_octets) return std::nullopt;
    return found->second;
  }
  Result<void> write(std::string_view role, ByteView octets) override {
    files_.insert_or_assign(std::string(role), Bytes(octets.begin(), octets.end()));
    return {};
  }
  Result<void> remove(std::string_view role) override {
    if (const auto found = files_.find(role); found != files_.end()) files_.erase(found);
    return {};
  }

 private:
  std::map<std::string, Bytes, std::less<>> files_;
};

// Before any time at which metadata could expire.
class NoTime final : public Clock {
 public:
  [[nodiscard]] TimePoint now() const override { return TimePoint{}; }
};

}  // namespace

Result<void> check_listed(Updater& updater, const ModelName& model, std::uint64_t release,
                          std::optional<std::string_view> statement) {
  const std::string name = model.str() + "/" + std::to_string(release) + ".json";
  const auto target = updater.find(name);
  if (!target && target.error().code == "TUF-NO-TARGET")
    return refuse("REL-UNLISTED", "no role of the TUF repository lists this release", name,
                  "its publisher lists it with 'vedette tuf add-target'; once one is taken back, "
                  "'vedette release block' brings devices to the one before");
  if (!target) return std::unexpected(target.error());
  if (!statement) return {};
  const auto same = check_promise(as_bytes(*statement), target->length, target->hashes);
  if (same) return {};
  return refuse("REL-LISTED-OTHER",
                "the TUF repository lists another statement of this release than this one",
                name + ": " + same.error().message,
                "the target is the release statement's file, octet by octet");
}

struct OwnListing::Reading {
  explicit Reading(const std::string& folder) : fetcher(folder) {}

  FolderFetcher fetcher;
  NoDisk store{};
  NoTime clock{};
  Updater updater{fetcher, store, clock, {}};
};

OwnListing::OwnListing(std::string folder) : folder_(std::move(folder)), files_(folder_) {}
OwnListing::~OwnListing() = default;

Result<void> OwnListing::bring_up_to_date() {
  VEDETTE_TRY(const auto timestamp, files_.metadata("timestamp.json"));
  if (timestamp && reading_ && equal(*timestamp, timestamp_)) return {};
  reading_.reset();
  VEDETTE_TRY(const auto root, files_.last_root());
  if (!timestamp && !root && !has_published_)
    return refuse("TUF-NOTHING", "the TUF repository has published nothing yet", {},
                  "'vedette tuf publish' does it first");
  has_published_ = true;
  if (!timestamp || !root)
    return refuse("TUF-INCOMPLETE", "the TUF repository lacks what it published before",
                  !timestamp ? "there is no timestamp" : "there is no root",
                  "is its folder there? 'vedette tuf publish' goes on with one that was cut off");
  auto reading = std::make_unique<Reading>(folder_);
  VEDETTE_CHECK(trust_root(reading->store, *root));
  VEDETTE_CHECK(reading->updater.refresh());
  reading_ = std::move(reading);
  timestamp_ = *timestamp;
  return {};
}

Result<void> OwnListing::check(const ModelName& model, std::uint64_t release,
                               std::string_view statement) {
  const std::scoped_lock lock(mutex_);
  VEDETTE_CHECK(bring_up_to_date());
  return check_listed(reading_->updater, model, release, statement);
}

}  // namespace vedette::release::tuf
