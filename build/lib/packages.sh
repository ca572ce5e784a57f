# shellcheck shell=sh
# What Gatehouse needs from the operating system, by purpose. One line each:
#
#   purpose  package (Debian's and Ubuntu's name)  probe (how to tell that it is there)  why
#
# A probe is tried before anything is installed, so that what came by another road counts too:
#   cmd:NAME  a command on the PATH    pc:NAME   a pkg-config module
#   file:PATH a file                   deb:NAME  an installed package    browser  a Chromium that starts

packages() {
	cat <<'LIST'
make     make                   cmd:make                   runs the Makefile
net      ca-certificates        file:/etc/ssl/certs/ca-certificates.crt  HTTPS, to download Go modules
try      curl                   cmd:curl                   runs the line that the server prints to try it with
cgo      gcc                    cmd:gcc                    the C compiler that the window and the race detector need
cgo      libc6-dev              file:/usr/include/stdio.h  the C library's headers
window   pkg-config             cmd:pkg-config             finds the window's libraries
window   libgtk-3-dev           pc:gtk+-3.0                the window's toolkit
window   libwebkit2gtk-4.1-dev  pc:webkit2gtk-4.1          shows the pages in the window
lint     shellcheck             cmd:shellcheck             checks the shell scripts
browser  chromium               browser                    runs the pages in end-to-end tests
browser  fonts-dejavu-core      deb:fonts-dejavu-core      text in screenshots
session  dbus                   cmd:dbus-run-session       a session bus for the keychain and tray tests
session  gnome-keyring          cmd:gnome-keyring-daemon   a real keychain
session  libsecret-tools        cmd:secret-tool            reads the keychain from outside
session  gcr                    deb:gcr                    the keychain's prompts
session  xvfb                   cmd:Xvfb                   a display without a screen
session  xauth                  cmd:xauth                  access to that display
session  openbox                cmd:openbox                a window manager
session  xfce4-panel            cmd:xfce4-panel            a panel with a tray
session  adwaita-icon-theme     deb:adwaita-icon-theme     the panel's icons
session  xdotool                cmd:xdotool                clicks in the window
session  wmctrl                 cmd:wmctrl                 finds and closes windows
session  imagemagick            cmd:import                 takes screenshots
session  x11-apps               cmd:xwd                    takes screenshots
session  x11-utils              cmd:xprop                  asks the display about windows
session  libglib2.0-bin         cmd:gdbus                  talks to the tray over D-Bus
session  fonts-dejavu-core      deb:fonts-dejavu-core      text in screenshots
session  procps                 cmd:ps                     looks at running processes
LIST
}
