#include "testing/software_tpm.h"

#include <cstdlib>
#include <filesystem>

#include "base/fd.h"

namespace vedette::testing {

namespace {

namespace fs = std::filesystem;

// A folder of this process, removed at its end.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    if (::mkdtemp(path_.data()) == nullptr) path_.clear();
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_ = "/tmp/vedette-tpm-XXXXXX";
};

const std::string& shared_folder() {
  static const TemporaryFolder kFolder;
  return kFolder.path();
}

}  // namespace

Result<std::unique_ptr<SoftwareTpm>> SoftwareTpm::start(const std::string& name,
                                                        const std::string& banks) {
  std::string folder = shared_folder() + "/XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr)
    return refuse("SWTPM-FOLDER", "a temporary folder could not be made", errno_text(folder));
  std::unique_ptr<SoftwareTpm> made(new SoftwareTpm(folder));
  fs::create_directory(made->state_folder());
  fs::permissions(made->state_folder(), fs::perms::owner_all);
  VEDETTE_TRY(made->tpm_, platform::InsecureSoftwareTpm::start(
                              {folder + "/tpm", shared_folder() + "/maker", name, banks}));
  return made;
}

SoftwareTpm::~SoftwareTpm() {
  tpm_.reset();
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

}  // namespace vedette::testing
