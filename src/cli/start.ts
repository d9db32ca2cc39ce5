/** The program with every command. */
import { COMMANDS } from './command-table.js';
import { main } from './main.js';

main(COMMANDS);
