import { createNodeLauncher } from '../../src/launcher/node-launcher.js';
import { exerciseLauncher } from './conformance.js';

exerciseLauncher('node', createNodeLauncher);
