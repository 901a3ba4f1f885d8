#include "release/provenance/dataset_fingerprint.h"

#include <algorithm>
#include <bit>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

namespace vedette::release {
namespace {

constexpr std::size_t kPieceBytes = 1 << 20;

std::unexpected<Error> bad_data(std::string_view what, std::string cause) {
  return refuse("PROV-DATA", "no fingerprint can be made: " + std::string(what), std::move(cause));
}

// RFC 6962, 2.1: leaves and nodes are hashed apart, so that none passes for the other.
crypto::Sha256Digest leaf_of(ByteView record) {
  Bytes octets{0};
  append(octets, record);
  return crypto::sha256(octets);
}

crypto::Sha256Digest node_of(const crypto::Sha256Digest& left, const crypto::Sha256Digest& right) {
  Bytes octets{1};
  append(octets, left);
  append(octets, right);
  return crypto::sha256(octets);
}

// A regular file itself: a link may lead anywhere, and a pipe has no end.
Result<UniqueFd> open_data(const std::string& path) {
  UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file.valid()) return refuse("FILE-OPEN", "the dataset cannot be opened", errno_text(path));
  struct stat status{};
  if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode))
    return refuse("FILE-OPEN", "the dataset is no regular file", path);
  return file;
}

}  // namespace

void RecordTree::add(ByteView record) {
  crypto::Sha256Digest hash = leaf_of(record);
  // Each trailing one of the count is a complete subtree as large as the one in hand.
  for (int closed = std::countr_one(records_); closed > 0; --closed) {
    hash = node_of(peaks_.back(), hash);
    peaks_.pop_back();
  }
  peaks_.push_back(hash);
  ++records_;
}

DatasetFingerprint RecordTree::finish() const {
  if (peaks_.empty()) return {.root = crypto::sha256({}), .records = 0};
  crypto::Sha256Digest root = peaks_.back();
  for (auto left = peaks_.rbegin() + 1; left != peaks_.rend(); ++left)
    root = node_of(*left, root);
  return {.root = root, .records = records_};
}

Result<DatasetFingerprint> fingerprint_folder(const std::string& path, const HashOptions& options) {
  VEDETTE_TRY(const Manifest manifest, hash_model(path, options));
  RecordTree tree;
  for (const Resource& file : manifest.resources) {
    Bytes record = to_bytes(file.name);
    record.push_back(0);
    append(record, file.sha256);
    tree.add(record);
  }
  const DatasetFingerprint result = tree.finish();
  if (result.records == 0) return bad_data("there is no file", path);
  return result;
}

Result<DatasetFingerprint> fingerprint_lines(const std::string& path) {
  VEDETTE_TRY(const UniqueFd file, open_data(path));
  RecordTree tree;
  Bytes line;
  Bytes piece(kPieceBytes);
  std::uint64_t records = 0;
  const auto add_line = [&]() -> Result<void> {
    if (++records > kMaxDatasetRecords) return bad_data("more records than are counted", path);
    tree.add(line);
    line.clear();
    return {};
  };
  for (;;) {
    const ssize_t size = ::read(file.get(), piece.data(), piece.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return refuse("FILE-READ", "the dataset cannot be read", errno_text(path));
    if (size == 0) break;
    for (ByteView rest = ByteView(piece).first(static_cast<std::size_t>(size)); !rest.empty();) {
      const auto end = std::ranges::find(rest, std::uint8_t{'\n'});
      const auto length = static_cast<std::size_t>(end - rest.begin());
      append(line, rest.first(length));
      if (line.size() > kMaxRecordBytes) return bad_data("a line is longer than 16 MiB", path);
      if (end == rest.end()) break;
      VEDETTE_CHECK(add_line());
      rest = rest.subspan(length + 1);
    }
  }
  if (!line.empty()) VEDETTE_CHECK(add_line());
  const DatasetFingerprint result = tree.finish();
  if (result.records == 0) return bad_data("there is no line", path);
  return result;
}

}  // namespace vedette::release
