// FolderFetcher: a TUF repository in a folder of this machine.
#pragma once

#include <string>

#include "release/tuf/served_files.h"
#include "release/tuf/updater.h"

namespace vedette::release::tuf {

// Metadata by the last part of its URL, as whoever asks a server for it would have it. Refuses
// TUF-NOT-FOUND and FILE-*; targets are not asked for here.
class FolderFetcher final : public Fetcher {
 public:
  explicit FolderFetcher(std::string folder) : files_(std::move(folder)) {}

  [[nodiscard]] Result<void> fetch(const std::string& url, std::chrono::seconds within,
                                   const Sink& sink) override;

 private:
  ServedFiles files_;
};

}  // namespace vedette::release::tuf
