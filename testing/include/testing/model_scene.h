// ModelScene: a temporary folder to lay models out in.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include "testing/temporary_folder.h"

namespace vedette {

class ModelScene {
 public:
  [[nodiscard]] std::filesystem::path path() const { return folder_.path(); }

  // Writes a file below, with the folders that it needs; returns its path.
  std::filesystem::path write(const std::string& name, const std::string& content) const {
    const std::filesystem::path file = path() / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary | std::ios::trunc) << content;
    return file;
  }

 private:
  TemporaryFolder folder_;
};

}  // namespace vedette
