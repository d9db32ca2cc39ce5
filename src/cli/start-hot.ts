/** The program with the commands that must start fast. */
import { HOT_COMMANDS } from './hot-commands.js';
import { main } from './main.js';

main(HOT_COMMANDS);
