#include "release/tuf/repository_folder.h"

#include <cerrno>
#include <filesystem>
#include <optional>

#include <fcntl.h>
#include <sys/file.h>

#include "base/new_file.h"
#include "release/tuf/limits.h"
#include "release/tuf/served_files.h"
#include "release/tuf/target_name.h"

namespace vedette::release::tuf {

namespace {

namespace fs = std::filesystem;

constexpr unsigned kServedFile = 0644;

Result<void> make_folder(const std::string& path) {
  std::error_code failed;
  fs::create_directories(path, failed);
  if (!failed) return {};
  return refuse("FILE-CREATE", "a folder cannot be created", path + ": " + failed.message());
}

bool is_there(const std::string& path) {
  std::error_code failed;
  return fs::exists(path, failed);
}

Result<std::optional<Bytes>> read_if_there(const std::string& path, std::size_t max_bytes) {
  if (!is_there(path)) return std::nullopt;
  VEDETTE_TRY(Bytes octets, read_file(path, max_bytes));
  return octets;
}

Result<std::vector<fs::path>> files_in(const std::string& path) {
  std::vector<fs::path> files;
  std::error_code failed;
  for (fs::directory_iterator entry(path, failed), end; !failed && entry != end;
       entry.increment(failed))
    files.push_back(entry->path());
  if (failed)
    return refuse("FILE-READ", "a folder cannot be listed", path + ": " + failed.message());
  return files;
}

std::string target_path(const std::string& name, std::string_view digest) {
  const fs::path path(name);
  return (path.parent_path() / (std::string(digest) + "." + path.filename().string())).string();
}

std::unexpected<Error> no_target(const std::string& name, std::string cause) {
  return refuse("TUF-TARGET-FILE", "the file of a target is not in the repository as it is listed",
                name + ": " + std::move(cause), "add the target again");
}

// Of Published or Staged; none where it has no such role.
template <class Roles>
const Bytes* octets_of(const Roles& roles, const std::string& role) {
  if (role == kRoot) return roles.root ? &*roles.root : nullptr;
  const auto found = roles.targets.find(role);
  return found == roles.targets.end() ? nullptr : &found->second;
}

using TargetsByName = std::map<std::string, TargetFile, std::less<>>;

// What clients can have already: it was compared when it was published.
TargetsByName published_targets(const Published& published, const std::string& role) {
  const auto octets = published.targets.find(role);
  if (octets == published.targets.end()) return {};
  auto known = parse_targets(octets->second);
  return known ? std::move(known->content.targets) : TargetsByName{};
}

bool contains(const TargetsByName& known, const TargetFile& target) {
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

Result<void> check_content(const std::string& path, const TargetFile& target) {
  VEDETTE_TRY(const Bytes file, read_file(path, kMaxTargetFile));
  return check_promise(file, target.length, target.hashes);
}

}  // namespace

Result<RepositoryFolder> RepositoryFolder::lock(const std::string& path) {
  UniqueFd folder{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!folder.valid())
    return refuse("TUF-FOLDER", "there is no TUF repository", errno_text(path),
                  "make one with 'vedette tuf init'");
  if (::flock(folder.get(), LOCK_EX | LOCK_NB) != 0)
    return refuse("TUF-LOCKED", "another process works at this TUF repository", path,
                  "it is soon done: try again");
  return RepositoryFolder(path, std::move(folder));
}

Result<RepositoryFolder> RepositoryFolder::create(const std::string& path) {
  VEDETTE_CHECK(make_folder(path));
  VEDETTE_TRY(RepositoryFolder folder, lock(path));
  if (std::error_code failed; !fs::is_empty(path, failed) || failed)
    return refuse("TUF-FOLDER", "a TUF repository begins in an empty folder", path);
  for (const char* part : {"/metadata", "/targets", "/staged"})
    VEDETTE_CHECK(make_folder(path + part));
  return folder;
}

Result<RepositoryFolder> RepositoryFolder::open(const std::string& path) {
  VEDETTE_TRY(RepositoryFolder folder, lock(path));
  for (const char* part : {"/metadata", "/targets", "/staged"})
    if (std::error_code failed; !fs::is_directory(path + part, failed))
      return refuse("TUF-FOLDER", "this folder is no TUF repository", path + part);
  // Not of `staged`: who signs a file there takes no lock.
  remove_all_leftovers(path + "/metadata");
  remove_all_leftovers(path + "/targets");
  return folder;
}

std::string RepositoryFolder::metadata_path(const std::string& file) const {
  return path_ + "/metadata/" + file;
}

std::string RepositoryFolder::staged_path(const std::string& role) const {
  return path_ + "/staged/" + url_segment(role) + ".json";
}

Result<Published> RepositoryFolder::published() const {
  Published published;
  std::uint64_t last = 0;
  VEDETTE_TRY(const auto files, files_in(path_ + "/metadata"));
  for (const fs::path& file : files)
    last = std::max(last, root_number(file.filename().string()));
  if (last == 0) return published;
  VEDETTE_TRY(published.root,
              read_if_there(metadata_path(std::to_string(last) + ".root.json"), kMaxRootOctets));
  VEDETTE_TRY(published.timestamp,
              read_if_there(metadata_path("timestamp.json"), kMaxTimestampOctets));
  if (!published.timestamp) return published;
  VEDETTE_TRY(const auto timestamp, parse_timestamp(*published.timestamp));
  VEDETTE_TRY(published.snapshot,
              read_file(metadata_path(std::to_string(timestamp.content.snapshot.version) +
                                      ".snapshot.json"),
                        kMaxSnapshotOctets));
  VEDETTE_TRY(const auto snapshot, parse_snapshot(*published.snapshot));
  for (const auto& [file, meta] : snapshot.content.files) {
    VEDETTE_TRY(Bytes octets, read_file(metadata_path(std::to_string(meta.version) + "." + file),
                                        kMaxTargetsOctets));
    published.targets.emplace(file.substr(0, file.size() - std::string_view(".json").size()),
                              std::move(octets));
  }
  return published;
}

Result<Staged> RepositoryFolder::staged(const Published& published) const {
  Staged staged;
  VEDETTE_TRY(const auto files, files_in(path_ + "/staged"));
  for (const fs::path& file : files) {
    if (file.extension() != ".json") continue;
    const std::string role = file.stem().string();
    VEDETTE_TRY(Bytes octets, read_file(file.string(), kMaxTargetsOctets));
    const Bytes* const before = octets_of(published, role);
    if (before != nullptr && equal(*before, octets)) continue;
    if (role == kRoot)
      staged.root = std::move(octets);
    else
      staged.targets.emplace(role, std::move(octets));
  }
  return staged;
}

Result<void> RepositoryFolder::begin(const std::string& role, const Document& document) const {
  VEDETTE_TRY(const Published known, published());
  if (is_there(staged_path(role)) || known.targets.contains(role) || (role == kRoot && known.root))
    return refuse("TUF-EXISTS", "the repository has this role already", role);
  return write_file_atomically(staged_path(role), write_document(document), kStagedFile);
}

Result<void> RepositoryFolder::edit(const std::string& role, TimePoint expires,
                                    const Edit& edit) const {
  VEDETTE_TRY(const Published known, published());
  VEDETTE_TRY(const Staged drafts, staged(known));
  const Bytes* const octets = octets_of(drafts, role);
  const Bytes* const known_octets = octets_of(known, role);
  if (octets == nullptr && known_octets == nullptr)
    return refuse("TUF-ROLE", "the repository has no such role", role);
  VEDETTE_TRY(Document document, read_document(octets != nullptr ? *octets : *known_octets));
  if (octets == nullptr) VEDETTE_CHECK(begin_next_version(document, expires));
  document.content.set("expires", to_rfc3339(expires));
  document.signatures.clear();
  VEDETTE_CHECK(edit(document));
  const Bytes written = write_document(document);
  VEDETTE_CHECK(read_document(written));  // within a client's bounds
  return write_file_atomically(staged_path(role), written, kStagedFile);
}

Result<void> RepositoryFolder::put_target(const std::string& name, ByteView content) const {
  VEDETTE_CHECK(check_target_name(name));
  const std::string path = path_ + "/targets/" + target_path(name, to_hex(crypto::sha256(content)));
  VEDETTE_CHECK(make_folder(fs::path(path).parent_path().string()));
  return write_file_atomically(path, content, kServedFile);
}

Result<void> RepositoryFolder::check_targets(const Published& published,
                                             const Staged& staged) const {
  for (const auto& [role, octets] : staged.targets) {
    VEDETTE_TRY(const auto metadata, parse_targets(octets));
    const TargetsByName known = published_targets(published, role);
    for (const auto& [name, target] : metadata.content.targets) {
      VEDETTE_CHECK(check_target_name(name));
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

Result<void> RepositoryFolder::put(const std::vector<MetadataFile>& files) {
  for (const MetadataFile& file : files)
    VEDETTE_CHECK(write_file_atomically(metadata_path(file.name), file.octets, kServedFile));
  return {};
}

Result<void> RepositoryFolder::publish(const std::vector<MetadataFile>& files) {
  VEDETTE_CHECK(put(files));
  forget_published();
  return {};
}

// By what is in the files: somebody may have signed another version meanwhile. What stays is known
// to be out, the next time.
void RepositoryFolder::forget_published() const {
  const auto now_published = published();
  if (!now_published) return;
  std::error_code failed;
  for (fs::directory_iterator entry(path_ + "/staged", failed), end; entry != end;
       entry.increment(failed)) {
    if (entry->path().extension() != ".json") continue;
    const auto staged = read_file(entry->path().string(), kMaxTargetsOctets);
    const Bytes* const out = octets_of(*now_published, entry->path().stem().string());
    if (staged && out != nullptr && equal(*out, *staged)) fs::remove(entry->path(), failed);
  }
}

}  // namespace vedette::release::tuf
