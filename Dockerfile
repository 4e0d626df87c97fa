# syntax=docker/dockerfile:1

# A node of Belfry. It needs a PostgreSQL server (BELFRY_DATABASE_URL): the embedded one is left out.
#
#     docker build -t belfry .
#     docker run -p 127.0.0.1:8980:8980 -e BELFRY_DATABASE_URL=postgres://user:password@host:5432/database belfry

FROM node:24-bookworm-slim AS base
WORKDIR /belfry

# Scripts of packages are not run in either stage: they would fetch a Node, which the base image has, and tools that nothing here needs.
FROM base AS build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npm run build

# What the compiled sources import. Optional packages are the embedded PostgreSQL.
FROM base AS packages
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts

FROM base
# Sized for a container of 1 GiB; a larger heap than 512 MB is for nodes with very many active instances.
ENV NODE_ENV=production \
    NODE_OPTIONS="--max-semi-space-size=16 --max-old-space-size=512" \
    BELFRY_LISTEN=0.0.0.0:8980
COPY package.json ./
COPY bin ./bin
COPY --from=packages /belfry/node_modules ./node_modules
COPY --from=build /belfry/dist ./dist
RUN ln -s /belfry/bin/belfry.js /usr/local/bin/belfry
# All files are root's, and nothing is written: the node's state is in PostgreSQL.
USER node
EXPOSE 8980
# SIGTERM drains; see stop_grace_period in docker-compose.yml for how long that may take.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=5s --start-period=30s --retries=3 CMD ["belfry", "health"]
ENTRYPOINT ["belfry"]
CMD ["serve"]
