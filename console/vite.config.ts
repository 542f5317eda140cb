import react from '@vitejs/plugin-react';
import { defineConfig, loadEnv } from 'vite';

// The server whose graph the pages show while they are developed.
const proxy = { '^/(graphql|schema.graphql|health)$': loadEnv('', '.', 'CLEW_').CLEW_URL ?? 'http://127.0.0.1:8000' };

export default defineConfig({
  plugins: [react()],
  build: {
    chunkSizeWarningLimit: 8000,
    rolldownOptions: {
      onLog(level, log, report) {
        // GraphiQL's packages carry hints for React's compiler, which bundling drops.
        if (log.code !== 'MODULE_LEVEL_DIRECTIVE') {
          report(level, log);
        }
      },
    },
  },
  server: { proxy },
  preview: { proxy },
});
