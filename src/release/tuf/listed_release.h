// Which releases a TUF repository lists: the target `MODEL/NUMBER.json` is the release's statement.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/strong_id.h"
#include "release/tuf/served_files.h"
#include "release/tuf/updater.h"

namespace vedette::release::tuf {

// Refuses REL-UNLISTED where no role lists the release, REL-LISTED-OTHER where the target is not
// this statement, octet by octet, and what Updater does. No statement: any.
[[nodiscard]] Result<void> check_listed(Updater& updater, const ModelName& model,
                                        std::uint64_t release,
                                        std::optional<std::string_view> statement);

// What the repository in a folder lists, asked by whoever keeps it. Its signatures are verified
// from its own last root on, and its roles may have expired: what was taken back stays so. Reads
// it again when its timestamp is another. Thread-safe.
class OwnListing {
 public:
  explicit OwnListing(std::string folder);
  OwnListing(const OwnListing&) = delete;
  OwnListing& operator=(const OwnListing&) = delete;
  ~OwnListing();

  // Besides what check_listed() above refuses: TUF-NOTHING before anything is published, and
  // TUF-INCOMPLETE where only a part of it is there, or where it was there once.
  [[nodiscard]] Result<void> check(const ModelName& model, std::uint64_t release,
                                   std::string_view statement);

 private:
  struct Reading;

  [[nodiscard]] Result<void> bring_up_to_date();

  const std::string folder_;
  const ServedFiles files_;
  std::mutex mutex_;
  bool has_published_ = false;        // guarded: seen by this object
  Bytes timestamp_;                   // guarded: of the reading
  std::unique_ptr<Reading> reading_;  // guarded
};

}  // namespace vedette::release::tuf
