# What is installed, and the Debian packages made of it: a component a program.
# Everything that is installed names its component; what names none is in no package.
include(GNUInstallDirs)
set(SYSTEMD_UNIT_DIR lib/systemd/system) # below the prefix, not LIBDIR: systemd knows no multiarch

install(TARGETS tare RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT coordinator)
install(TARGETS tare-node RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT node)
install(TARGETS tare-gate LIBRARY DESTINATION lib/tare COMPONENT node) # where tare-node looks, not LIBDIR
install(TARGETS guests-libvirt LIBRARY DESTINATION lib/tare COMPONENT guests) # likewise
install(TARGETS tare-netserver RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT netserver)
install(DIRECTORY scenarios/ DESTINATION ${CMAKE_INSTALL_DATADIR}/tare/scenarios COMPONENT coordinator
        FILES_MATCHING PATTERN "*.yaml")
install(FILES README.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/tare COMPONENT coordinator OPTIONAL)
install(FILES packaging/tare-node.service DESTINATION ${SYSTEMD_UNIT_DIR} COMPONENT node)
install(FILES packaging/tare-netserver.service DESTINATION ${SYSTEMD_UNIT_DIR} COMPONENT netserver)
foreach(pair coordinator:tare node:tare-node guests:tare-node-libvirt netserver:tare-netserver)
    string(REPLACE ":" ";" pair ${pair})
    list(GET pair 0 component)
    list(GET pair 1 package)
    install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${package} RENAME copyright COMPONENT ${component})
endforeach()

set(CPACK_GENERATOR DEB)
set(CPACK_COMPONENTS_ALL coordinator node guests netserver)
set(CPACK_PACKAGE_CONTACT "the maintainers of tare <root@localhost>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_SOURCE_DIR}/cmake/package_modes.cmake)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_ENABLE_COMPONENT_DEPENDS OFF) # each machine needs one of the three
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)

set(CPACK_DEBIAN_COORDINATOR_PACKAGE_NAME tare)
# A lab runs both agents, on machines that iproute2 makes; a coordinator of real machines needs none.
set(CPACK_DEBIAN_COORDINATOR_PACKAGE_RECOMMENDS "iproute2, tare-node, tare-node-libvirt, tare-netserver")
set(CPACK_COMPONENT_COORDINATOR_DESCRIPTION "The coordinator: reads a scenario, waits for its nodes, starts them at the
same instant, shows live figures, archives and reports.")

set(CPACK_DEBIAN_NODE_PACKAGE_NAME tare-node)
set(CPACK_COMPONENT_NODE_DESCRIPTION "The agent of hosts and guests: runs on its machine what its coordinator asks
it to measure. With the invite that tare made for it in /etc/tare/node.invite
(mode 0600): systemctl enable --now tare-node")

# Apart, so that an agent that keeps no guests carries no libvirt.
set(CPACK_DEBIAN_GUESTS_PACKAGE_NAME tare-node-libvirt)
set(CPACK_DEBIAN_GUESTS_PACKAGE_DEPENDS "tare-node (= ${PROJECT_VERSION})")
set(CPACK_DEBIAN_GUESTS_PACKAGE_RECOMMENDS "libvirt-daemon-system, qemu-system-x86, busybox-static, e2fsprogs")
set(CPACK_COMPONENT_GUESTS_DESCRIPTION "Virtual machines of a host: what tare-node needs to start, watch and price the
guests of its machine through libvirt.")

set(CPACK_DEBIAN_NETSERVER_PACKAGE_NAME tare-netserver)
set(CPACK_COMPONENT_NETSERVER_DESCRIPTION "The agent of the third machine, against which nodes measure the network. With
the invite that tare made for it in /etc/tare/netserver.invite (mode 0600):
systemctl enable --now tare-netserver")

foreach(component node netserver)
    set(UNIT tare-${component})
    set(scripts)
    foreach(script postinst prerm postrm)
        configure_file(packaging/deb/${script}.in ${CMAKE_BINARY_DIR}/deb/${component}/${script} @ONLY
                       FILE_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ
                                        WORLD_EXECUTE)
        list(APPEND scripts ${CMAKE_BINARY_DIR}/deb/${component}/${script})
    endforeach()
    string(TOUPPER ${component} upper)
    set(CPACK_DEBIAN_${upper}_PACKAGE_CONTROL_EXTRA ${scripts})
endforeach()
include(CPack)
