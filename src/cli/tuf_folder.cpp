#include "cli/tuf_folder.h"

#include <cerrno>
#include <charconv>
#include <filesystem>
#include <optional>

#include <fcntl.h>
#include <sys/file.h>

#include "release/tuf/limits.h"
#include "release/tuf/target_name.h"

namespace vedette::cli {

namespace {

namespace fs = std::filesystem;
namespace tuf = release::tuf;

constexpr unsigned kServedFile = 0644;
constexpr std::string_view kRootSuffix = ".root.json";

Result<void> make_folder(const std::string& path) {
  std::error_code failed;
  fs::create_directories(path, failed);
  if (!failed) return {};
  return refuse("FILE-CREATE", "a folder cannot be created", path + ": " + failed.message());
}

Result<std::optional<Bytes>> read_if_there(const std::string& path, std::size_t max_bytes) {
  if (!fs::exists(path)) return std::nullopt;
  VEDETTE_TRY(Bytes octets, read_file(path, max_bytes));
  return octets;
}

// The number in `7.root.json`; 0 for any other name.
std::uint64_t root_number(const std::string& name) {
  if (!name.ends_with(kRootSuffix)) return 0;
  const std::size_t digits = name.size() - kRootSuffix.size();
  std::uint64_t number = 0;
  const auto [end, fault] = std::from_chars(name.data(), name.data() + digits, number);
  return fault == std::errc{} && end == name.data() + digits ? number : 0;
}

std::string target_path(const std::string& name, std::string_view digest) {
  const fs::path path(name);
  return (path.parent_path() / (std::string(digest) + "." + path.filename().string())).string();
}

std::unexpected<Error> no_target(const std::string& name, std::string cause) {
  return refuse("CLI-TUF-TARGET", "the file of a target is not in the repository as it is listed",
                name + ": " + std::move(cause), "add the target again");
}

// Of Published or Staged; none where it has no such role.
template <class Roles>
const Bytes* octets_of(const Roles& roles, const std::string& role) {
  if (role == tuf::kRoot) return roles.root ? &*roles.root : nullptr;
  const auto found = roles.targets.find(role);
  return found == roles.targets.end() ? nullptr : &found->second;
}

using Targets = std::map<std::string, tuf::TargetFile, std::less<>>;

// What clients can have already: it was compared when it was published.
Targets published_targets(const tuf::Published& published, const std::string& role) {
  const auto octets = published.targets.find(role);
  if (octets == published.targets.end()) return {};
  auto known = tuf::parse_targets(octets->second);
  return known ? std::move(known->content.targets) : Targets{};
}

bool contains(const Targets& known, const tuf::TargetFile& target) {
  const auto found = known.find(target.name);
  return found != known.end() && found->second.hashes == target.hashes &&
         found->second.length == target.length;
}

Result<void> check_length(const std::string& path, std::uint64_t length) {
  std::error_code failed;
  if (!fs::is_regular_file(path, failed)) return refuse("FILE-OPEN", "there is no file", path);
  const std::uintmax_t octets = fs::file_size(path, failed);
  if (!failed && octets == length) return {};
  return refuse("TUF-LENGTH", "the file has another length", path);
}

Result<void> check_content(const std::string& path, const tuf::TargetFile& target) {
  VEDETTE_TRY(const Bytes file, read_file(path, kMaxTargetFile));
  return tuf::check_promise(file, target.length, target.hashes);
}

}  // namespace

Result<TufFolder> TufFolder::lock(const std::string& path) {
  UniqueFd folder{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!folder.valid())
    return refuse("CLI-TUF-FOLDER", "there is no TUF repository", errno_text(path),
                  "make one with 'vedette tuf init'");
  if (::flock(folder.get(), LOCK_EX | LOCK_NB) != 0)
    return refuse("CLI-TUF-LOCKED", "another process works at this TUF repository", path);
  return TufFolder(path, std::move(folder));
}

Result<TufFolder> TufFolder::create(const std::string& path) {
  VEDETTE_CHECK(make_folder(path));
  VEDETTE_TRY(TufFolder folder, lock(path));
  if (!fs::is_empty(path))
    return refuse("CLI-TUF-FOLDER", "a TUF repository begins in an empty folder", path);
  for (const char* part : {"/metadata", "/targets", "/staged"})
    VEDETTE_CHECK(make_folder(path + part));
  return folder;
}

Result<TufFolder> TufFolder::open(const std::string& path) {
  VEDETTE_TRY(TufFolder folder, lock(path));
  for (const char* part : {"/metadata", "/targets", "/staged"})
    if (!fs::is_directory(path + part))
      return refuse("CLI-TUF-FOLDER", "this folder is no TUF repository", path + part);
  return folder;
}

std::string TufFolder::metadata_path(const std::string& file) const {
  return path_ + "/metadata/" + file;
}

std::string TufFolder::staged_path(const std::string& role) const {
  return path_ + "/staged/" + tuf::url_segment(role) + ".json";
}

Result<tuf::Published> TufFolder::published() const {
  tuf::Published published;
  std::uint64_t last = 0;
  for (const auto& entry : fs::directory_iterator(path_ + "/metadata"))
    last = std::max(last, root_number(entry.path().filename().string()));
  if (last == 0) return published;
  VEDETTE_TRY(published.root, read_if_there(metadata_path(std::to_string(last) + ".root.json"),
                                            tuf::kMaxRootOctets));
  VEDETTE_TRY(published.timestamp,
              read_if_there(metadata_path("timestamp.json"), tuf::kMaxTimestampOctets));
  if (!published.timestamp) return published;
  VEDETTE_TRY(const auto timestamp, tuf::parse_timestamp(*published.timestamp));
  VEDETTE_TRY(published.snapshot,
              read_file(metadata_path(std::to_string(timestamp.content.snapshot.version) +
                                      ".snapshot.json"),
                        tuf::kMaxSnapshotOctets));
  VEDETTE_TRY(const auto snapshot, tuf::parse_snapshot(*published.snapshot));
  for (const auto& [file, meta] : snapshot.content.files) {
    VEDETTE_TRY(Bytes octets, read_file(metadata_path(std::to_string(meta.version) + "." + file),
                                        tuf::kMaxTargetsOctets));
    published.targets.emplace(file.substr(0, file.size() - std::string_view(".json").size()),
                              std::move(octets));
  }
  return published;
}

Result<tuf::Staged> TufFolder::staged(const tuf::Published& published) const {
  tuf::Staged staged;
  for (const auto& entry : fs::directory_iterator(path_ + "/staged")) {
    if (entry.path().extension() != ".json") continue;
    const std::string role = entry.path().stem().string();
    VEDETTE_TRY(Bytes octets, read_file(entry.path().string(), tuf::kMaxTargetsOctets));
    const Bytes* const before = octets_of(published, role);
    if (before != nullptr && equal(*before, octets)) continue;
    if (role == tuf::kRoot)
      staged.root = std::move(octets);
    else
      staged.targets.emplace(role, std::move(octets));
  }
  return staged;
}

Result<void> TufFolder::begin(const std::string& role, const tuf::Document& document) const {
  VEDETTE_TRY(const tuf::Published known, published());
  if (fs::exists(staged_path(role)) || known.targets.contains(role) ||
      (role == tuf::kRoot && known.root))
    return refuse("CLI-EXISTS", "the repository has this role already", role);
  return write_file_atomically(staged_path(role), tuf::write_document(document), kStagedFile);
}

Result<void> TufFolder::edit(const std::string& role, TimePoint expires, const Edit& edit) const {
  VEDETTE_TRY(const tuf::Published known, published());
  VEDETTE_TRY(const tuf::Staged drafts, staged(known));
  const Bytes* const octets = octets_of(drafts, role);
  const Bytes* const known_octets = octets_of(known, role);
  if (octets == nullptr && known_octets == nullptr)
    return refuse("TUF-ROLE", "the repository has no such role", role);
  VEDETTE_TRY(tuf::Document document,
              tuf::read_document(octets != nullptr ? *octets : *known_octets));
  if (octets == nullptr) VEDETTE_CHECK(tuf::begin_next_version(document, expires));
  document.content.set("expires", to_rfc3339(expires));
  document.signatures.clear();
  VEDETTE_CHECK(edit(document));
  const Bytes written = tuf::write_document(document);
  VEDETTE_CHECK(tuf::read_document(written));  // within a client's bounds
  return write_file_atomically(staged_path(role), written, kStagedFile);
}

Result<void> TufFolder::put_target(const std::string& name, ByteView content) const {
  VEDETTE_CHECK(tuf::check_target_name(name));
  const std::string path = path_ + "/targets/" + target_path(name, to_hex(crypto::sha256(content)));
  VEDETTE_CHECK(make_folder(fs::path(path).parent_path().string()));
  return write_file_atomically(path, content, kServedFile);
}

Result<void> TufFolder::check_targets(const tuf::Published& published,
                                      const tuf::Staged& staged) const {
  for (const auto& [role, octets] : staged.targets) {
    VEDETTE_TRY(const auto metadata, tuf::parse_targets(octets));
    const Targets known = published_targets(published, role);
    for (const auto& [name, target] : metadata.content.targets) {
      VEDETTE_CHECK(tuf::check_target_name(name));
      const bool is_known = contains(known, target);
      for (const auto& [algorithm, digest] : target.hashes) {
        const std::string path = path_ + "/targets/" + target_path(name, digest);
        const auto whole =
            is_known ? check_length(path, target.length) : check_content(path, target);
        if (!whole) return no_target(name, describe(whole.error()));
      }
    }
  }
  return {};
}

Result<void> TufFolder::publish(const std::vector<tuf::MetadataFile>& files) {
  for (const tuf::MetadataFile& file : files)
    VEDETTE_CHECK(write_file_atomically(metadata_path(file.name), file.octets, kServedFile));
  forget_published();
  return {};
}

// By what is in the files: somebody may have signed another version meanwhile. What stays is known
// to be out, the next time.
void TufFolder::forget_published() const {
  const auto now_published = published();
  if (!now_published) return;
  std::error_code failed;
  for (fs::directory_iterator entry(path_ + "/staged", failed), end; entry != end;
       entry.increment(failed)) {
    if (entry->path().extension() != ".json") continue;
    const auto staged = read_file(entry->path().string(), tuf::kMaxTargetsOctets);
    const Bytes* const out = octets_of(*now_published, entry->path().stem().string());
    if (staged && out != nullptr && equal(*out, *staged)) fs::remove(entry->path(), failed);
  }
}

}  // namespace vedette::cli
