#include "platform/pkcs11/module.h"

#include <map>
#include <mutex>

#include <dlfcn.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "platform/pkcs11/return_value.h"

namespace vedette::platform::pkcs11 {

namespace {

struct Loaded {
  std::unique_ptr<Module> module;
  std::size_t users = 0;
};

// The counts and the calls of C_Initialize and C_Finalize change together, under one mutex; it is
// never destroyed, since a key may outlive main().
struct Registry {
  std::mutex mutex;
  std::map<std::string, Loaded> modules;
};

Registry& registry() {
  static auto& only = *new Registry;
  return only;
}

std::unexpected<Error> unusable(const std::string& path, const std::string& why,
                                std::string hint = {}) {
  return refuse("PKCS11-MODULE", "the PKCS#11 module cannot be used", path + ": " + why,
                std::move(hint));
}

Result<void> check_file(const std::string& path) {
  struct stat facts{};
  if (::stat(path.c_str(), &facts) != 0)
    return unusable(path, errno_text("stat"), "is its package installed?");
  if (!S_ISREG(facts.st_mode)) return unusable(path, "it is no regular file");
  if (facts.st_uid != 0 && facts.st_uid != ::geteuid())
    return unusable(path, "it belongs to another user, who could change what it does");
  if ((facts.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return unusable(path, "others may write to it", "chmod go-w " + path);
  return {};
}

bool has_needed(const CK_FUNCTION_LIST& f) {
  return f.C_Initialize != nullptr && f.C_Finalize != nullptr && f.C_GetSlotList != nullptr &&
         f.C_GetTokenInfo != nullptr && f.C_GetMechanismInfo != nullptr &&
         f.C_OpenSession != nullptr && f.C_CloseSession != nullptr && f.C_Login != nullptr &&
         f.C_FindObjectsInit != nullptr && f.C_FindObjects != nullptr &&
         f.C_FindObjectsFinal != nullptr && f.C_GetAttributeValue != nullptr &&
         f.C_SignInit != nullptr && f.C_Sign != nullptr;
}

// Never unloaded again: libraries of this kind leave threads and exit handlers behind.
Result<CK_FUNCTION_LIST*> load_functions(const std::string& path) {
  VEDETTE_CHECK(check_file(path));
  void* const library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library == nullptr) {
    const char* const why = ::dlerror();
    return unusable(path, why == nullptr ? "dlopen" : why);
  }
  const auto get = reinterpret_cast<CK_C_GetFunctionList>(::dlsym(library, "C_GetFunctionList"));
  if (get == nullptr) return unusable(path, "it has no C_GetFunctionList");
  CK_FUNCTION_LIST* functions = nullptr;
  if (const CK_RV value = get(&functions); value != CKR_OK || functions == nullptr)
    return unusable(path, call_text("C_GetFunctionList", value));
  if (functions->version.major != 2) return unusable(path, "it does not speak PKCS#11 2");
  if (!has_needed(*functions)) return unusable(path, "it lacks functions that are needed");
  return functions;
}

Result<std::unique_ptr<Module>> initialise(const std::string& path) {
  VEDETTE_TRY(CK_FUNCTION_LIST* const functions, load_functions(path));
  CK_C_INITIALIZE_ARGS arguments{};
  arguments.flags = CKF_OS_LOCKING_OK;  // many threads, with the system's own mutexes
  const CK_RV value = functions->C_Initialize(&arguments);
  if (value != CKR_OK && value != CKR_CRYPTOKI_ALREADY_INITIALIZED)
    return unusable(path, call_text("C_Initialize", value));
  return std::make_unique<Module>(functions, value == CKR_OK);
}

void release(const std::string& path) {
  const std::scoped_lock lock(registry().mutex);
  const auto found = registry().modules.find(path);
  if (--found->second.users == 0) registry().modules.erase(found);
}

}  // namespace

Module::Module(CK_FUNCTION_LIST* functions, bool initialised_here)
    : functions_(functions), initialised_here_(initialised_here), owner_(::getpid()) {}

// Another part of the process may have initialised it before us: then it is theirs to finalise.
Module::~Module() {
  if (initialised_here_ && ::getpid() == owner_) (void)functions_->C_Finalize(nullptr);
}

Result<std::shared_ptr<const Module>> Module::load(const std::string& path) {
  const std::scoped_lock lock(registry().mutex);
  auto found = registry().modules.find(path);
  if (found != registry().modules.end()) {
    VEDETTE_CHECK(found->second.module->check_process());
  } else {
    VEDETTE_TRY(auto made, initialise(path));
    found = registry().modules.emplace(path, Loaded{std::move(made), 0}).first;
  }
  ++found->second.users;
  return std::shared_ptr<const Module>(found->second.module.get(),
                                       [path](const Module*) { release(path); });
}

Result<void> Module::check_process() const {
  if (::getpid() == owner_) return {};
  return refuse("PKCS11-FORK", "a process does not inherit the token of its parent", {},
                "open the key in the process that uses it");
}

}  // namespace vedette::platform::pkcs11
