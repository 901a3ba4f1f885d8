#include "oci_bundle.h"

#include <filesystem>

#include <stdlib.h>

#include "base/fd.h"
#include "codec/json.h"

namespace vedette::bench {

namespace {

namespace fs = std::filesystem;
using codec::Json;

Json object(std::initializer_list<std::pair<const char*, Json>> members) {
  Json json;
  for (const auto& [name, value] : members)
    json.set(name, value);
  return json;
}

Json strings(std::initializer_list<const char*> texts) {
  Json::Array array;
  for (const char* text : texts)
    array.emplace_back(text);
  return array;
}

// The system's own folders, as links or bind mounts of what they are here.
Json::Array mounts(const fs::path& root) {
  Json::Array mounts;
  mounts.push_back(object({{"destination", "/proc"}, {"type", "proc"}, {"source", "proc"}}));
  for (const char* folder : {"usr", "bin", "lib", "lib64"}) {
    const fs::path here = fs::path("/") / folder;
    if (fs::is_symlink(here)) {
      fs::create_symlink(fs::read_symlink(here), root / folder);
    } else if (fs::exists(here)) {
      fs::create_directory(root / folder);
      mounts.push_back(object({{"destination", here.string()},
                               {"type", "bind"},
                               {"source", here.string()},
                               {"options", strings({"rbind", "ro"})}}));
    }
  }
  return mounts;
}

// config.json of the OCI runtime specification 1.0: every namespace, no capability, no new
// privileges.
Json configuration(const fs::path& root) {
  Json::Array namespaces;
  for (const char* kind : {"pid", "network", "ipc", "uts", "mount"})
    namespaces.push_back(object({{"type", kind}}));
  return object({{"ociVersion", "1.0.2"},
                 {"process", object({{"terminal", false},
                                     {"user", object({{"uid", 0}, {"gid", 0}})},
                                     {"args", strings({"/bin/true"})},
                                     {"env", strings({"PATH=/bin"})},
                                     {"cwd", "/"},
                                     {"noNewPrivileges", true}})},
                 {"root", object({{"path", "root"}, {"readonly", true}})},
                 {"mounts", mounts(root)},
                 {"linux", object({{"namespaces", namespaces}})}});
}

}  // namespace

Result<OciBundle> OciBundle::make() {
  char pattern[] = "/tmp/vedette-bundle-XXXXXX";
  if (::mkdtemp(pattern) == nullptr)
    return refuse("BENCH-BUNDLE", "no temporary folder", errno_text(pattern));
  OciBundle bundle{pattern};
  const fs::path root = fs::path(bundle.path()) / "root";
  fs::create_directories(root / "proc");
  VEDETTE_CHECK(write_file_atomically(bundle.path() + "/config.json",
                                      as_bytes(codec::to_pretty_json(configuration(root))), 0644));
  return bundle;
}

OciBundle::~OciBundle() {
  std::error_code ignored;
  if (!folder_.empty()) fs::remove_all(folder_, ignored);
}

}  // namespace vedette::bench
