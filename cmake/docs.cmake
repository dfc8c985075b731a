# Manual pages and shell completion: the programs make them from their own tables of commands, so that
# they cannot tell of an option that is not there.
include(GNUInstallDirs)
set(MAN_DIR ${CMAKE_BINARY_DIR}/man)
set(COMPLETION_DIR ${CMAKE_BINARY_DIR}/completion)
file(MAKE_DIRECTORY ${MAN_DIR} ${COMPLETION_DIR})

add_custom_command(OUTPUT ${MAN_DIR}/tare.1 ${COMPLETION_DIR}/tare ${COMPLETION_DIR}/_tare
    COMMAND tare man --all ${MAN_DIR}
    COMMAND tare completion bash > ${COMPLETION_DIR}/tare
    COMMAND tare completion zsh > ${COMPLETION_DIR}/_tare
    DEPENDS tare VERBATIM)
foreach(agent tare-node tare-netserver)
    add_custom_command(OUTPUT ${MAN_DIR}/${agent}.1 COMMAND ${agent} --man > ${MAN_DIR}/${agent}.1
                       DEPENDS ${agent} VERBATIM)
endforeach()
add_custom_target(docs ALL DEPENDS ${MAN_DIR}/tare.1 ${MAN_DIR}/tare-node.1 ${MAN_DIR}/tare-netserver.1
                                   ${COMPLETION_DIR}/tare ${COMPLETION_DIR}/_tare)

# zsh looks into site-functions below /usr/local, and on Debian into vendor-completions below /usr.
set(TARE_ZSH_DIR ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions CACHE STRING "where zsh looks, below the prefix")
install(DIRECTORY ${MAN_DIR}/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT coordinator
        FILES_MATCHING PATTERN "*.1" PATTERN "tare-node.1" EXCLUDE PATTERN "tare-netserver.1" EXCLUDE)
install(FILES ${MAN_DIR}/tare-node.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT node)
install(FILES ${MAN_DIR}/tare-netserver.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT netserver)
install(FILES ${COMPLETION_DIR}/tare DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
        COMPONENT coordinator)
install(FILES ${COMPLETION_DIR}/_tare DESTINATION ${TARE_ZSH_DIR} COMPONENT coordinator)
