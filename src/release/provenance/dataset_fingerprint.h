// The fingerprint of a dataset: a Merkle root (RFC 6962, 2.1) over its records, so that a single
// record can later be shown to have been in it, or the whole be compared.
//
// A folder's records are its files, each as `<path> NUL <SHA-256>` in the order of their paths
// (code points); a file's are its lines, without their line feeds; the last line needs none.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "crypto/digest.h"
#include "release/model_tree.h"

namespace vedette::release {

inline constexpr std::uint64_t kMaxDatasetRecords = 100'000'000;
inline constexpr std::size_t kMaxRecordBytes = 16 << 20;  // of a line

struct DatasetFingerprint {
  crypto::Sha256Digest root{};
  std::uint64_t records = 0;
};

// Grows as records come; holds one hash for each doubling of their number.
class RecordTree {
 public:
  void add(ByteView record);
  [[nodiscard]] DatasetFingerprint finish() const;

 private:
  std::vector<crypto::Sha256Digest> peaks_;  // of the complete subtrees, the largest first
  std::uint64_t records_ = 0;
};

// Refuses PROV-DATA (no record, too many, or a line beyond its limit), and for a folder what
// hash_model refuses: links and devices among others. A file must be a regular one itself (FILE-*).
[[nodiscard]] Result<DatasetFingerprint> fingerprint_folder(const std::string& path,
                                                            const HashOptions& options = {});
[[nodiscard]] Result<DatasetFingerprint> fingerprint_lines(const std::string& path);

}  // namespace vedette::release
