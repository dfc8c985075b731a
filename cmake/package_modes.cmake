# Directories that only lead to what is installed are made with the umask of who builds, which
# CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS leaves as it is: /usr/share/tare was 0700 once.
file(CHMOD_RECURSE ${CPACK_TEMPORARY_INSTALL_DIRECTORY}
     DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
