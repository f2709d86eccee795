#!/bin/sh
# Replays every scenario of a directory: run.sh REPLAY DIRECTORY
exec "$1" "$2"/*.scn
