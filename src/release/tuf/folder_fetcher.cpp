#include "release/tuf/folder_fetcher.h"

namespace vedette::release::tuf {

Result<void> FolderFetcher::fetch(const std::string& url, std::chrono::seconds /*within*/,
                                  const Sink& sink) {
  VEDETTE_TRY(const auto octets, files_.metadata(url.substr(url.rfind('/') + 1)));
  if (!octets) return refuse("TUF-NOT-FOUND", "the TUF repository has no such file", url);
  return sink(*octets);
}

}  // namespace vedette::release::tuf
