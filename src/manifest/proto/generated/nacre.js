/*eslint-disable block-scoped-var, id-length, no-control-regex, no-magic-numbers, no-mixed-operators, no-prototype-builtins, no-redeclare, no-shadow, no-var, sort-vars, default-case, jsdoc/require-param*/
import $protobuf from "protobufjs/minimal.js";

// Common aliases
const $Reader = $protobuf.Reader, $Writer = $protobuf.Writer, $util = $protobuf.util;
const $Object = $util.global.Object, $undefined = $util.global.undefined, $Error = $util.global.Error, $RangeError = $util.global.RangeError;

// Exported root namespace
const $root = $protobuf.roots["default"] || ($protobuf.roots["default"] = {});

export const nacre = $root.nacre = (() => {

    /**
     * Namespace nacre.
     * @exports nacre
     * @namespace
     */
    const nacre = {};

    nacre.v1 = (function() {

        /**
         * Namespace v1.
         * @memberof nacre
         * @namespace
         */
        const v1 = {};

        v1.Hint = (function() {

            /**
             * Properties of a Hint.
             * @typedef {Object} nacre.v1.Hint.$Properties
             * @property {Uint8Array|null} [dataset] Hint dataset
             * @property {Uint8Array|null} [lineage] Hint lineage
             * @property {string|null} [home] Hint home
             * @property {nacre.v1.Role|null} [role] Hint role
             * @property {number|null} [version] Hint version
             * @property {Uint8Array|null} [rootHash] Hint rootHash
             * @property {Uint8Array|null} [root] Hint root
             * @property {string|null} [server] Hint server
             * @property {number|null} [writtenMs] Hint writtenMs
             * @property {nacre.v1.Restoring.$Properties|null} [restoring] Hint restoring
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Hint.
             * @memberof nacre.v1
             * @interface IHint
             * @augments nacre.v1.Hint.$Properties
             * @deprecated Use nacre.v1.Hint.$Properties instead.
             */

            /**
             * Shape of a Hint.
             * @typedef {nacre.v1.Hint.$Properties} nacre.v1.Hint.$Shape
             */

            /**
             * Constructs a new Hint.
             * @memberof nacre.v1
             * @classdesc Represents a Hint.
             * @constructor
             * @param {nacre.v1.Hint.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Hint = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Hint dataset.
             * @member {Uint8Array} dataset
             * @memberof nacre.v1.Hint
             * @instance
             */
            Hint.prototype.dataset = $util.newBuffer([]);

            /**
             * Hint lineage.
             * @member {Uint8Array} lineage
             * @memberof nacre.v1.Hint
             * @instance
             */
            Hint.prototype.lineage = $util.newBuffer([]);

            /**
             * Hint home.
             * @member {string} home
             * @memberof nacre.v1.Hint
             * @instance
             */
            Hint.prototype.home = "";

            /**
             * Hint role.
             * @member {nacre.v1.Role} role
             * @memberof nacre.v1.Hint
             * @instance
             */
            Hint.prototype.role = 0;

            /**
             * Hint version.
             * @member {number} version
             * @memberof nacre.v1.Hint
             * @instance
             */
            Hint.prototype.version = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Hint rootHash.
             * @member {Uint8Array} rootHash
             * @memberof nacre.v1.Hint
             * @instance
             */
            Hint.prototype.rootHash = $util.newBuffer([]);

            /**
             * Hint root.
             * @member {Uint8Array} root
             * @memberof nacre.v1.Hint
             * @instance
             */
            Hint.prototype.root = $util.newBuffer([]);

            /**
             * Hint server.
             * @member {string} server
             * @memberof nacre.v1.Hint
             * @instance
             */
            Hint.prototype.server = "";

            /**
             * Hint writtenMs.
             * @member {number} writtenMs
             * @memberof nacre.v1.Hint
             * @instance
             */
            Hint.prototype.writtenMs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Hint restoring.
             * @member {nacre.v1.Restoring.$Properties|null|undefined} restoring
             * @memberof nacre.v1.Hint
             * @instance
             */
            Hint.prototype.restoring = null;

            /**
             * Creates a new Hint instance using the specified properties.
             * @function create
             * @memberof nacre.v1.Hint
             * @static
             * @param {nacre.v1.Hint.$Properties=} [properties] Properties to set
             * @returns {nacre.v1.Hint} Hint instance
             * @type {{
             *   (properties: nacre.v1.Hint.$Shape): nacre.v1.Hint & nacre.v1.Hint.$Shape;
             *   (properties?: nacre.v1.Hint.$Properties): nacre.v1.Hint;
             * }}
             */
            Hint.create = function(properties) {
                return new Hint(properties);
            };

            /**
             * Encodes the specified Hint message. Does not implicitly {@link nacre.v1.Hint.verify|verify} messages.
             * @function encode
             * @memberof nacre.v1.Hint
             * @static
             * @param {nacre.v1.Hint.$Properties} message Hint message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Hint.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.dataset != null && $Object.hasOwnProperty.call(message, "dataset") && message.dataset.length)
                    writer.uint32(/* id 1, wireType 2 =*/10).bytes(message.dataset);
                if (message.lineage != null && $Object.hasOwnProperty.call(message, "lineage") && message.lineage.length)
                    writer.uint32(/* id 2, wireType 2 =*/18).bytes(message.lineage);
                if (message.home != null && $Object.hasOwnProperty.call(message, "home") && message.home !== "")
                    writer.uint32(/* id 3, wireType 2 =*/26).string(message.home);
                if (message.role != null && $Object.hasOwnProperty.call(message, "role") && message.role !== 0)
                    writer.uint32(/* id 4, wireType 0 =*/32).int32(message.role);
                if (message.version != null && $Object.hasOwnProperty.call(message, "version") && (typeof message.version === "object" ? message.version.low || message.version.high : message.version !== 0))
                    writer.uint32(/* id 5, wireType 0 =*/40).uint64(message.version);
                if (message.rootHash != null && $Object.hasOwnProperty.call(message, "rootHash") && message.rootHash.length)
                    writer.uint32(/* id 6, wireType 2 =*/50).bytes(message.rootHash);
                if (message.root != null && $Object.hasOwnProperty.call(message, "root") && message.root.length)
                    writer.uint32(/* id 7, wireType 2 =*/58).bytes(message.root);
                if (message.server != null && $Object.hasOwnProperty.call(message, "server") && message.server !== "")
                    writer.uint32(/* id 8, wireType 2 =*/66).string(message.server);
                if (message.writtenMs != null && $Object.hasOwnProperty.call(message, "writtenMs") && (typeof message.writtenMs === "object" ? message.writtenMs.low || message.writtenMs.high : message.writtenMs !== 0))
                    writer.uint32(/* id 9, wireType 0 =*/72).uint64(message.writtenMs);
                if (message.restoring != null && $Object.hasOwnProperty.call(message, "restoring"))
                    $root.nacre.v1.Restoring.encode(message.restoring, writer.uint32(/* id 60, wireType 2 =*/482).fork(), _depth + 1).ldelim();
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a Hint message from the specified reader or buffer.
             * @function decode
             * @memberof nacre.v1.Hint
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {nacre.v1.Hint & nacre.v1.Hint.$Shape} Hint
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Hint.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.nacre.v1.Hint();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.dataset = value;
                            else
                                delete message.dataset;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.lineage = value;
                            else
                                delete message.lineage;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.home = value;
                            else
                                delete message.home;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.int32())
                                message.role = value;
                            else
                                delete message.role;
                            continue;
                        }
                    case 5: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.version = value;
                            else
                                delete message.version;
                            continue;
                        }
                    case 6: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.rootHash = value;
                            else
                                delete message.rootHash;
                            continue;
                        }
                    case 7: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.root = value;
                            else
                                delete message.root;
                            continue;
                        }
                    case 8: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.server = value;
                            else
                                delete message.server;
                            continue;
                        }
                    case 9: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.writtenMs = value;
                            else
                                delete message.writtenMs;
                            continue;
                        }
                    case 60: {
                            if (wireType !== 2)
                                break;
                            message.restoring = $root.nacre.v1.Restoring.decode(reader, reader.size(), $undefined, _depth + 1, message.restoring);
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Hint;
        })();

        v1.Restoring = (function() {

            /**
             * Properties of a Restoring.
             * @typedef {Object} nacre.v1.Restoring.$Properties
             * @property {string|null} [source] Restoring source
             * @property {number|null} [version] Restoring version
             * @property {Uint8Array|null} [rootHash] Restoring rootHash
             * @property {boolean|null} [only] Restoring only
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Restoring.
             * @memberof nacre.v1
             * @interface IRestoring
             * @augments nacre.v1.Restoring.$Properties
             * @deprecated Use nacre.v1.Restoring.$Properties instead.
             */

            /**
             * Shape of a Restoring.
             * @typedef {nacre.v1.Restoring.$Properties} nacre.v1.Restoring.$Shape
             */

            /**
             * Constructs a new Restoring.
             * @memberof nacre.v1
             * @classdesc Represents a Restoring.
             * @constructor
             * @param {nacre.v1.Restoring.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Restoring = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Restoring source.
             * @member {string} source
             * @memberof nacre.v1.Restoring
             * @instance
             */
            Restoring.prototype.source = "";

            /**
             * Restoring version.
             * @member {number} version
             * @memberof nacre.v1.Restoring
             * @instance
             */
            Restoring.prototype.version = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Restoring rootHash.
             * @member {Uint8Array} rootHash
             * @memberof nacre.v1.Restoring
             * @instance
             */
            Restoring.prototype.rootHash = $util.newBuffer([]);

            /**
             * Restoring only.
             * @member {boolean} only
             * @memberof nacre.v1.Restoring
             * @instance
             */
            Restoring.prototype.only = false;

            /**
             * Creates a new Restoring instance using the specified properties.
             * @function create
             * @memberof nacre.v1.Restoring
             * @static
             * @param {nacre.v1.Restoring.$Properties=} [properties] Properties to set
             * @returns {nacre.v1.Restoring} Restoring instance
             * @type {{
             *   (properties: nacre.v1.Restoring.$Shape): nacre.v1.Restoring & nacre.v1.Restoring.$Shape;
             *   (properties?: nacre.v1.Restoring.$Properties): nacre.v1.Restoring;
             * }}
             */
            Restoring.create = function(properties) {
                return new Restoring(properties);
            };

            /**
             * Encodes the specified Restoring message. Does not implicitly {@link nacre.v1.Restoring.verify|verify} messages.
             * @function encode
             * @memberof nacre.v1.Restoring
             * @static
             * @param {nacre.v1.Restoring.$Properties} message Restoring message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Restoring.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.source != null && $Object.hasOwnProperty.call(message, "source") && message.source !== "")
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.source);
                if (message.version != null && $Object.hasOwnProperty.call(message, "version") && (typeof message.version === "object" ? message.version.low || message.version.high : message.version !== 0))
                    writer.uint32(/* id 2, wireType 0 =*/16).uint64(message.version);
                if (message.rootHash != null && $Object.hasOwnProperty.call(message, "rootHash") && message.rootHash.length)
                    writer.uint32(/* id 3, wireType 2 =*/26).bytes(message.rootHash);
                if (message.only != null && $Object.hasOwnProperty.call(message, "only") && message.only !== false)
                    writer.uint32(/* id 4, wireType 0 =*/32).bool(message.only);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a Restoring message from the specified reader or buffer.
             * @function decode
             * @memberof nacre.v1.Restoring
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {nacre.v1.Restoring & nacre.v1.Restoring.$Shape} Restoring
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Restoring.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.nacre.v1.Restoring();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.source = value;
                            else
                                delete message.source;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.version = value;
                            else
                                delete message.version;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.rootHash = value;
                            else
                                delete message.rootHash;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.bool())
                                message.only = value;
                            else
                                delete message.only;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Restoring;
        })();

        /**
         * Role enum.
         * @name nacre.v1.Role
         * @enum {number}
         * @property {number} ROLE_PRIMARY=0 ROLE_PRIMARY value
         * @property {number} ROLE_REPLICA=1 ROLE_REPLICA value
         */
        v1.Role = (function() {
            const valuesById = $Object.create(null), values = $Object.create(valuesById);
            values[valuesById[0] = "ROLE_PRIMARY"] = 0;
            values[valuesById[1] = "ROLE_REPLICA"] = 1;
            return values;
        })();

        v1.Root = (function() {

            /**
             * Properties of a Root.
             * @typedef {Object} nacre.v1.Root.$Properties
             * @property {Array.<number>|null} [requiredFeatures] Root requiredFeatures
             * @property {Uint8Array|null} [dataset] Root dataset
             * @property {Uint8Array|null} [lineage] Root lineage
             * @property {number|null} [version] Root version
             * @property {nacre.v1.Parent.$Properties|null} [parent] Root parent
             * @property {number|null} [timeMs] Root timeMs
             * @property {Uint8Array|null} [commitId] Root commitId
             * @property {Array.<nacre.v1.Operation.$Properties>|null} [operations] Root operations
             * @property {nacre.v1.Changes.$Properties|null} [changes] Root changes
             * @property {Array.<nacre.v1.Array.$Properties>|null} [arrays] Root arrays
             * @property {nacre.v1.ObjectTable.$Properties|null} [objects] Root objects
             * @property {Uint8Array|null} [setHash] Root setHash
             * @property {Array.<nacre.v1.Tag.$Properties>|null} [tags] Root tags
             * @property {nacre.v1.Kept.$Properties|null} [kept] Root kept
             * @property {nacre.v1.Fence.$Properties|null} [fence] Root fence
             * @property {Array.<nacre.v1.RecentOperation.$Properties>|null} [recentOperations] Root recentOperations
             * @property {Array.<nacre.v1.Application.$Properties>|null} [applications] Root applications
             * @property {Array.<nacre.v1.OperationsRef.$Properties>|null} [olderOperations] Root olderOperations
             * @property {boolean|null} [hasParity] Root hasParity
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Root.
             * @memberof nacre.v1
             * @interface IRoot
             * @augments nacre.v1.Root.$Properties
             * @deprecated Use nacre.v1.Root.$Properties instead.
             */

            /**
             * Shape of a Root.
             * @typedef {{
             *   requiredFeatures?: Array.<number>|null;
             *   dataset?: Uint8Array|null;
             *   lineage?: Uint8Array|null;
             *   version?: number|null;
             *   parent?: nacre.v1.Parent.$Shape|null;
             *   timeMs?: number|null;
             *   commitId?: Uint8Array|null;
             *   operations?: Array.<nacre.v1.Operation.$Shape>|null;
             *   changes?: nacre.v1.Changes.$Shape|null;
             *   arrays?: Array.<nacre.v1.Array.$Shape>|null;
             *   objects?: nacre.v1.ObjectTable.$Shape|null;
             *   setHash?: Uint8Array|null;
             *   tags?: Array.<nacre.v1.Tag.$Shape>|null;
             *   kept?: nacre.v1.Kept.$Shape|null;
             *   fence?: nacre.v1.Fence.$Shape|null;
             *   recentOperations?: Array.<nacre.v1.RecentOperation.$Shape>|null;
             *   applications?: Array.<nacre.v1.Application.$Shape>|null;
             *   olderOperations?: Array.<nacre.v1.OperationsRef.$Shape>|null;
             *   hasParity?: boolean|null;
             *   $unknowns?: Array.<Uint8Array>;
             * }} nacre.v1.Root.$Shape
             */

            /**
             * Constructs a new Root.
             * @memberof nacre.v1
             * @classdesc Represents a Root.
             * @constructor
             * @param {nacre.v1.Root.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Root = function (properties) {
                this.requiredFeatures = [];
                this.operations = [];
                this.arrays = [];
                this.tags = [];
                this.recentOperations = [];
                this.applications = [];
                this.olderOperations = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Root requiredFeatures.
             * @member {Array.<number>} requiredFeatures
             * @memberof nacre.v1.Root
             * @instance
             */
            Root.prototype.requiredFeatures = $util.emptyArray;

            /**
             * Root dataset.
             * @member {Uint8Array} dataset
             * @memberof nacre.v1.Root
             * @instance
             */
            Root.prototype.dataset = $util.newBuffer([]);

            /**
             * Root lineage.
             * @member {Uint8Array} lineage
             * @memberof nacre.v1.Root
             * @instance
             */
            Root.prototype.lineage = $util.newBuffer([]);

            /**
             * Root version.
             * @member {number} version
             * @memberof nacre.v1.Root
             * @instance
             */
            Root.prototype.version = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Root parent.
             * @member {nacre.v1.Parent.$Properties|null|undefined} parent
             * @memberof nacre.v1.Root
             * @instance
             */
            Root.prototype.parent = null;

            /**
             * Root timeMs.
             * @member {number} timeMs
             * @memberof nacre.v1.Root
             * @instance
             */
            Root.prototype.timeMs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Root commitId.
             * @member {Uint8Array} commitId
             * @memberof nacre.v1.Root
             * @instance
             */
            Root.prototype.commitId = $util.newBuffer([]);

            /**
             * Root operations.
             * @member {Array.<nacre.v1.Operation.$Properties>} operations
             * @memberof nacre.v1.Root
             * @instance
             */
            Root.prototype.operations = $util.emptyArray;

            /**
             * Root changes.
             * @member {nacre.v1.Changes.$Properties|null|undefined} changes
             * @memberof nacre.v1.Root
             * @instance
             */
            Root.prototype.changes = null;

            /**
             * Root arrays.
             * @member {Array.<nacre.v1.Array.$Properties>} arrays
             * @memberof nacre.v1.Root
             * @instance
             */
            Root.prototype.arrays = $util.emptyArray;

            /**
             * Root objects.
             * @member {nacre.v1.ObjectTable.$Properties|null|undefined} objects
             * @memberof nacre.v1.Root
             * @instance
             */
            Root.prototype.objects = null;

            /**
             * Root setHash.
             * @member {Uint8Array} setHash
             * @memberof nacre.v1.Root
             * @instance
             */
            Root.prototype.setHash = $util.newBuffer([]);

            /**
             * Root tags.
             * @member {Array.<nacre.v1.Tag.$Properties>} tags
             * @memberof nacre.v1.Root
             * @instance
             */
            Root.prototype.tags = $util.emptyArray;

            /**
             * Root kept.
             * @member {nacre.v1.Kept.$Properties|null|undefined} kept
             * @memberof nacre.v1.Root
             * @instance
             */
            Root.prototype.kept = null;

            /**
             * Root fence.
             * @member {nacre.v1.Fence.$Properties|null|undefined} fence
             * @memberof nacre.v1.Root
             * @instance
             */
            Root.prototype.fence = null;

            /**
             * Root recentOperations.
             * @member {Array.<nacre.v1.RecentOperation.$Properties>} recentOperations
             * @memberof nacre.v1.Root
             * @instance
             */
            Root.prototype.recentOperations = $util.emptyArray;

            /**
             * Root applications.
             * @member {Array.<nacre.v1.Application.$Properties>} applications
             * @memberof nacre.v1.Root
             * @instance
             */
            Root.prototype.applications = $util.emptyArray;

            /**
             * Root olderOperations.
             * @member {Array.<nacre.v1.OperationsRef.$Properties>} olderOperations
             * @memberof nacre.v1.Root
             * @instance
             */
            Root.prototype.olderOperations = $util.emptyArray;

            /**
             * Root hasParity.
             * @member {boolean} hasParity
             * @memberof nacre.v1.Root
             * @instance
             */
            Root.prototype.hasParity = false;

            /**
             * Creates a new Root instance using the specified properties.
             * @function create
             * @memberof nacre.v1.Root
             * @static
             * @param {nacre.v1.Root.$Properties=} [properties] Properties to set
             * @returns {nacre.v1.Root} Root instance
             * @type {{
             *   (properties: nacre.v1.Root.$Shape): nacre.v1.Root & nacre.v1.Root.$Shape;
             *   (properties?: nacre.v1.Root.$Properties): nacre.v1.Root;
             * }}
             */
            Root.create = function(properties) {
                return new Root(properties);
            };

            /**
             * Encodes the specified Root message. Does not implicitly {@link nacre.v1.Root.verify|verify} messages.
             * @function encode
             * @memberof nacre.v1.Root
             * @static
             * @param {nacre.v1.Root.$Properties} message Root message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Root.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.requiredFeatures != null && message.requiredFeatures.length)
                    writer.uint32(/* id 1, wireType 2 =*/10).uint32s(message.requiredFeatures);
                if (message.dataset != null && $Object.hasOwnProperty.call(message, "dataset") && message.dataset.length)
                    writer.uint32(/* id 2, wireType 2 =*/18).bytes(message.dataset);
                if (message.lineage != null && $Object.hasOwnProperty.call(message, "lineage") && message.lineage.length)
                    writer.uint32(/* id 3, wireType 2 =*/26).bytes(message.lineage);
                if (message.version != null && $Object.hasOwnProperty.call(message, "version") && (typeof message.version === "object" ? message.version.low || message.version.high : message.version !== 0))
                    writer.uint32(/* id 4, wireType 0 =*/32).uint64(message.version);
                if (message.parent != null && $Object.hasOwnProperty.call(message, "parent"))
                    $root.nacre.v1.Parent.encode(message.parent, writer.uint32(/* id 5, wireType 2 =*/42).fork(), _depth + 1).ldelim();
                if (message.timeMs != null && $Object.hasOwnProperty.call(message, "timeMs") && (typeof message.timeMs === "object" ? message.timeMs.low || message.timeMs.high : message.timeMs !== 0))
                    writer.uint32(/* id 6, wireType 0 =*/48).uint64(message.timeMs);
                if (message.commitId != null && $Object.hasOwnProperty.call(message, "commitId") && message.commitId.length)
                    writer.uint32(/* id 7, wireType 2 =*/58).bytes(message.commitId);
                if (message.operations != null && message.operations.length)
                    for (let i = 0; i < message.operations.length; ++i)
                        $root.nacre.v1.Operation.encode(message.operations[i], writer.uint32(/* id 8, wireType 2 =*/66).fork(), _depth + 1).ldelim();
                if (message.changes != null && $Object.hasOwnProperty.call(message, "changes"))
                    $root.nacre.v1.Changes.encode(message.changes, writer.uint32(/* id 9, wireType 2 =*/74).fork(), _depth + 1).ldelim();
                if (message.arrays != null && message.arrays.length)
                    for (let i = 0; i < message.arrays.length; ++i)
                        $root.nacre.v1.Array.encode(message.arrays[i], writer.uint32(/* id 10, wireType 2 =*/82).fork(), _depth + 1).ldelim();
                if (message.objects != null && $Object.hasOwnProperty.call(message, "objects"))
                    $root.nacre.v1.ObjectTable.encode(message.objects, writer.uint32(/* id 11, wireType 2 =*/90).fork(), _depth + 1).ldelim();
                if (message.setHash != null && $Object.hasOwnProperty.call(message, "setHash") && message.setHash.length)
                    writer.uint32(/* id 12, wireType 2 =*/98).bytes(message.setHash);
                if (message.tags != null && message.tags.length)
                    for (let i = 0; i < message.tags.length; ++i)
                        $root.nacre.v1.Tag.encode(message.tags[i], writer.uint32(/* id 13, wireType 2 =*/106).fork(), _depth + 1).ldelim();
                if (message.kept != null && $Object.hasOwnProperty.call(message, "kept"))
                    $root.nacre.v1.Kept.encode(message.kept, writer.uint32(/* id 14, wireType 2 =*/114).fork(), _depth + 1).ldelim();
                if (message.fence != null && $Object.hasOwnProperty.call(message, "fence"))
                    $root.nacre.v1.Fence.encode(message.fence, writer.uint32(/* id 15, wireType 2 =*/122).fork(), _depth + 1).ldelim();
                if (message.recentOperations != null && message.recentOperations.length)
                    for (let i = 0; i < message.recentOperations.length; ++i)
                        $root.nacre.v1.RecentOperation.encode(message.recentOperations[i], writer.uint32(/* id 16, wireType 2 =*/130).fork(), _depth + 1).ldelim();
                if (message.applications != null && message.applications.length)
                    for (let i = 0; i < message.applications.length; ++i)
                        $root.nacre.v1.Application.encode(message.applications[i], writer.uint32(/* id 17, wireType 2 =*/138).fork(), _depth + 1).ldelim();
                if (message.olderOperations != null && message.olderOperations.length)
                    for (let i = 0; i < message.olderOperations.length; ++i)
                        $root.nacre.v1.OperationsRef.encode(message.olderOperations[i], writer.uint32(/* id 18, wireType 2 =*/146).fork(), _depth + 1).ldelim();
                if (message.hasParity != null && $Object.hasOwnProperty.call(message, "hasParity") && message.hasParity !== false)
                    writer.uint32(/* id 50, wireType 0 =*/400).bool(message.hasParity);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a Root message from the specified reader or buffer.
             * @function decode
             * @memberof nacre.v1.Root
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {nacre.v1.Root & nacre.v1.Root.$Shape} Root
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Root.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.nacre.v1.Root();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType === 2) {
                                if (!(message.requiredFeatures && message.requiredFeatures.length))
                                    message.requiredFeatures = [];
                                reader.uint32s(message.requiredFeatures);
                                continue;
                            }
                            if (wireType !== 0)
                                break;
                            if (!(message.requiredFeatures && message.requiredFeatures.length))
                                message.requiredFeatures = [];
                            message.requiredFeatures.push(reader.uint32());
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.dataset = value;
                            else
                                delete message.dataset;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.lineage = value;
                            else
                                delete message.lineage;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.version = value;
                            else
                                delete message.version;
                            continue;
                        }
                    case 5: {
                            if (wireType !== 2)
                                break;
                            message.parent = $root.nacre.v1.Parent.decode(reader, reader.size(), $undefined, _depth + 1, message.parent);
                            continue;
                        }
                    case 6: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.timeMs = value;
                            else
                                delete message.timeMs;
                            continue;
                        }
                    case 7: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.commitId = value;
                            else
                                delete message.commitId;
                            continue;
                        }
                    case 8: {
                            if (wireType !== 2)
                                break;
                            if (!(message.operations && message.operations.length))
                                message.operations = [];
                            message.operations.push($root.nacre.v1.Operation.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    case 9: {
                            if (wireType !== 2)
                                break;
                            message.changes = $root.nacre.v1.Changes.decode(reader, reader.size(), $undefined, _depth + 1, message.changes);
                            continue;
                        }
                    case 10: {
                            if (wireType !== 2)
                                break;
                            if (!(message.arrays && message.arrays.length))
                                message.arrays = [];
                            message.arrays.push($root.nacre.v1.Array.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    case 11: {
                            if (wireType !== 2)
                                break;
                            message.objects = $root.nacre.v1.ObjectTable.decode(reader, reader.size(), $undefined, _depth + 1, message.objects);
                            continue;
                        }
                    case 12: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.setHash = value;
                            else
                                delete message.setHash;
                            continue;
                        }
                    case 13: {
                            if (wireType !== 2)
                                break;
                            if (!(message.tags && message.tags.length))
                                message.tags = [];
                            message.tags.push($root.nacre.v1.Tag.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    case 14: {
                            if (wireType !== 2)
                                break;
                            message.kept = $root.nacre.v1.Kept.decode(reader, reader.size(), $undefined, _depth + 1, message.kept);
                            continue;
                        }
                    case 15: {
                            if (wireType !== 2)
                                break;
                            message.fence = $root.nacre.v1.Fence.decode(reader, reader.size(), $undefined, _depth + 1, message.fence);
                            continue;
                        }
                    case 16: {
                            if (wireType !== 2)
                                break;
                            if (!(message.recentOperations && message.recentOperations.length))
                                message.recentOperations = [];
                            message.recentOperations.push($root.nacre.v1.RecentOperation.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    case 17: {
                            if (wireType !== 2)
                                break;
                            if (!(message.applications && message.applications.length))
                                message.applications = [];
                            message.applications.push($root.nacre.v1.Application.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    case 18: {
                            if (wireType !== 2)
                                break;
                            if (!(message.olderOperations && message.olderOperations.length))
                                message.olderOperations = [];
                            message.olderOperations.push($root.nacre.v1.OperationsRef.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    case 50: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.bool())
                                message.hasParity = value;
                            else
                                delete message.hasParity;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Root;
        })();

        v1.Parent = (function() {

            /**
             * Properties of a Parent.
             * @typedef {Object} nacre.v1.Parent.$Properties
             * @property {number|null} [version] Parent version
             * @property {Uint8Array|null} [hash] Parent hash
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Parent.
             * @memberof nacre.v1
             * @interface IParent
             * @augments nacre.v1.Parent.$Properties
             * @deprecated Use nacre.v1.Parent.$Properties instead.
             */

            /**
             * Shape of a Parent.
             * @typedef {nacre.v1.Parent.$Properties} nacre.v1.Parent.$Shape
             */

            /**
             * Constructs a new Parent.
             * @memberof nacre.v1
             * @classdesc Represents a Parent.
             * @constructor
             * @param {nacre.v1.Parent.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Parent = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Parent version.
             * @member {number} version
             * @memberof nacre.v1.Parent
             * @instance
             */
            Parent.prototype.version = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Parent hash.
             * @member {Uint8Array} hash
             * @memberof nacre.v1.Parent
             * @instance
             */
            Parent.prototype.hash = $util.newBuffer([]);

            /**
             * Creates a new Parent instance using the specified properties.
             * @function create
             * @memberof nacre.v1.Parent
             * @static
             * @param {nacre.v1.Parent.$Properties=} [properties] Properties to set
             * @returns {nacre.v1.Parent} Parent instance
             * @type {{
             *   (properties: nacre.v1.Parent.$Shape): nacre.v1.Parent & nacre.v1.Parent.$Shape;
             *   (properties?: nacre.v1.Parent.$Properties): nacre.v1.Parent;
             * }}
             */
            Parent.create = function(properties) {
                return new Parent(properties);
            };

            /**
             * Encodes the specified Parent message. Does not implicitly {@link nacre.v1.Parent.verify|verify} messages.
             * @function encode
             * @memberof nacre.v1.Parent
             * @static
             * @param {nacre.v1.Parent.$Properties} message Parent message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Parent.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.version != null && $Object.hasOwnProperty.call(message, "version") && (typeof message.version === "object" ? message.version.low || message.version.high : message.version !== 0))
                    writer.uint32(/* id 1, wireType 0 =*/8).uint64(message.version);
                if (message.hash != null && $Object.hasOwnProperty.call(message, "hash") && message.hash.length)
                    writer.uint32(/* id 2, wireType 2 =*/18).bytes(message.hash);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a Parent message from the specified reader or buffer.
             * @function decode
             * @memberof nacre.v1.Parent
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {nacre.v1.Parent & nacre.v1.Parent.$Shape} Parent
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Parent.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.nacre.v1.Parent();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.version = value;
                            else
                                delete message.version;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.hash = value;
                            else
                                delete message.hash;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Parent;
        })();

        v1.ObjectTable = (function() {

            /**
             * Properties of an ObjectTable.
             * @typedef {Object} nacre.v1.ObjectTable.$Properties
             * @property {Array.<nacre.v1.KeyPattern.$Properties>|null} [patterns] ObjectTable patterns
             * @property {Array.<nacre.v1.ObjectRef.$Properties>|null} [objects] ObjectTable objects
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of an ObjectTable.
             * @memberof nacre.v1
             * @interface IObjectTable
             * @augments nacre.v1.ObjectTable.$Properties
             * @deprecated Use nacre.v1.ObjectTable.$Properties instead.
             */

            /**
             * Shape of an ObjectTable.
             * @typedef {nacre.v1.ObjectTable.$Properties} nacre.v1.ObjectTable.$Shape
             */

            /**
             * Constructs a new ObjectTable.
             * @memberof nacre.v1
             * @classdesc Represents an ObjectTable.
             * @constructor
             * @param {nacre.v1.ObjectTable.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const ObjectTable = function (properties) {
                this.patterns = [];
                this.objects = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * ObjectTable patterns.
             * @member {Array.<nacre.v1.KeyPattern.$Properties>} patterns
             * @memberof nacre.v1.ObjectTable
             * @instance
             */
            ObjectTable.prototype.patterns = $util.emptyArray;

            /**
             * ObjectTable objects.
             * @member {Array.<nacre.v1.ObjectRef.$Properties>} objects
             * @memberof nacre.v1.ObjectTable
             * @instance
             */
            ObjectTable.prototype.objects = $util.emptyArray;

            /**
             * Creates a new ObjectTable instance using the specified properties.
             * @function create
             * @memberof nacre.v1.ObjectTable
             * @static
             * @param {nacre.v1.ObjectTable.$Properties=} [properties] Properties to set
             * @returns {nacre.v1.ObjectTable} ObjectTable instance
             * @type {{
             *   (properties: nacre.v1.ObjectTable.$Shape): nacre.v1.ObjectTable & nacre.v1.ObjectTable.$Shape;
             *   (properties?: nacre.v1.ObjectTable.$Properties): nacre.v1.ObjectTable;
             * }}
             */
            ObjectTable.create = function(properties) {
                return new ObjectTable(properties);
            };

            /**
             * Encodes the specified ObjectTable message. Does not implicitly {@link nacre.v1.ObjectTable.verify|verify} messages.
             * @function encode
             * @memberof nacre.v1.ObjectTable
             * @static
             * @param {nacre.v1.ObjectTable.$Properties} message ObjectTable message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            ObjectTable.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.patterns != null && message.patterns.length)
                    for (let i = 0; i < message.patterns.length; ++i)
                        $root.nacre.v1.KeyPattern.encode(message.patterns[i], writer.uint32(/* id 1, wireType 2 =*/10).fork(), _depth + 1).ldelim();
                if (message.objects != null && message.objects.length)
                    for (let i = 0; i < message.objects.length; ++i)
                        $root.nacre.v1.ObjectRef.encode(message.objects[i], writer.uint32(/* id 2, wireType 2 =*/18).fork(), _depth + 1).ldelim();
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes an ObjectTable message from the specified reader or buffer.
             * @function decode
             * @memberof nacre.v1.ObjectTable
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {nacre.v1.ObjectTable & nacre.v1.ObjectTable.$Shape} ObjectTable
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            ObjectTable.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.nacre.v1.ObjectTable();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if (!(message.patterns && message.patterns.length))
                                message.patterns = [];
                            message.patterns.push($root.nacre.v1.KeyPattern.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if (!(message.objects && message.objects.length))
                                message.objects = [];
                            message.objects.push($root.nacre.v1.ObjectRef.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return ObjectTable;
        })();

        v1.KeyPattern = (function() {

            /**
             * Properties of a KeyPattern.
             * @typedef {Object} nacre.v1.KeyPattern.$Properties
             * @property {string|null} [prefix] KeyPattern prefix
             * @property {string|null} [suffix] KeyPattern suffix
             * @property {boolean|null} [whole] KeyPattern whole
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a KeyPattern.
             * @memberof nacre.v1
             * @interface IKeyPattern
             * @augments nacre.v1.KeyPattern.$Properties
             * @deprecated Use nacre.v1.KeyPattern.$Properties instead.
             */

            /**
             * Shape of a KeyPattern.
             * @typedef {nacre.v1.KeyPattern.$Properties} nacre.v1.KeyPattern.$Shape
             */

            /**
             * Constructs a new KeyPattern.
             * @memberof nacre.v1
             * @classdesc Represents a KeyPattern.
             * @constructor
             * @param {nacre.v1.KeyPattern.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const KeyPattern = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * KeyPattern prefix.
             * @member {string} prefix
             * @memberof nacre.v1.KeyPattern
             * @instance
             */
            KeyPattern.prototype.prefix = "";

            /**
             * KeyPattern suffix.
             * @member {string} suffix
             * @memberof nacre.v1.KeyPattern
             * @instance
             */
            KeyPattern.prototype.suffix = "";

            /**
             * KeyPattern whole.
             * @member {boolean} whole
             * @memberof nacre.v1.KeyPattern
             * @instance
             */
            KeyPattern.prototype.whole = false;

            /**
             * Creates a new KeyPattern instance using the specified properties.
             * @function create
             * @memberof nacre.v1.KeyPattern
             * @static
             * @param {nacre.v1.KeyPattern.$Properties=} [properties] Properties to set
             * @returns {nacre.v1.KeyPattern} KeyPattern instance
             * @type {{
             *   (properties: nacre.v1.KeyPattern.$Shape): nacre.v1.KeyPattern & nacre.v1.KeyPattern.$Shape;
             *   (properties?: nacre.v1.KeyPattern.$Properties): nacre.v1.KeyPattern;
             * }}
             */
            KeyPattern.create = function(properties) {
                return new KeyPattern(properties);
            };

            /**
             * Encodes the specified KeyPattern message. Does not implicitly {@link nacre.v1.KeyPattern.verify|verify} messages.
             * @function encode
             * @memberof nacre.v1.KeyPattern
             * @static
             * @param {nacre.v1.KeyPattern.$Properties} message KeyPattern message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            KeyPattern.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.prefix != null && $Object.hasOwnProperty.call(message, "prefix") && message.prefix !== "")
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.prefix);
                if (message.suffix != null && $Object.hasOwnProperty.call(message, "suffix") && message.suffix !== "")
                    writer.uint32(/* id 2, wireType 2 =*/18).string(message.suffix);
                if (message.whole != null && $Object.hasOwnProperty.call(message, "whole") && message.whole !== false)
                    writer.uint32(/* id 3, wireType 0 =*/24).bool(message.whole);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a KeyPattern message from the specified reader or buffer.
             * @function decode
             * @memberof nacre.v1.KeyPattern
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {nacre.v1.KeyPattern & nacre.v1.KeyPattern.$Shape} KeyPattern
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            KeyPattern.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.nacre.v1.KeyPattern();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.prefix = value;
                            else
                                delete message.prefix;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.suffix = value;
                            else
                                delete message.suffix;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.bool())
                                message.whole = value;
                            else
                                delete message.whole;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return KeyPattern;
        })();

        v1.ObjectRef = (function() {

            /**
             * Properties of an ObjectRef.
             * @typedef {Object} nacre.v1.ObjectRef.$Properties
             * @property {number|null} [pattern] ObjectRef pattern
             * @property {Uint8Array|null} [id] ObjectRef id
             * @property {number|null} [sizeBytes] ObjectRef sizeBytes
             * @property {Uint8Array|null} [hash] ObjectRef hash
             * @property {number|null} [crc32c] ObjectRef crc32c
             * @property {number|null} [blockBytes] ObjectRef blockBytes
             * @property {Uint8Array|null} [blocks] ObjectRef blocks
             * @property {number|null} [coldOffset] ObjectRef coldOffset
             * @property {number|null} [coldCrc32c] ObjectRef coldCrc32c
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of an ObjectRef.
             * @memberof nacre.v1
             * @interface IObjectRef
             * @augments nacre.v1.ObjectRef.$Properties
             * @deprecated Use nacre.v1.ObjectRef.$Properties instead.
             */

            /**
             * Shape of an ObjectRef.
             * @typedef {nacre.v1.ObjectRef.$Properties} nacre.v1.ObjectRef.$Shape
             */

            /**
             * Constructs a new ObjectRef.
             * @memberof nacre.v1
             * @classdesc Represents an ObjectRef.
             * @constructor
             * @param {nacre.v1.ObjectRef.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const ObjectRef = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * ObjectRef pattern.
             * @member {number} pattern
             * @memberof nacre.v1.ObjectRef
             * @instance
             */
            ObjectRef.prototype.pattern = 0;

            /**
             * ObjectRef id.
             * @member {Uint8Array} id
             * @memberof nacre.v1.ObjectRef
             * @instance
             */
            ObjectRef.prototype.id = $util.newBuffer([]);

            /**
             * ObjectRef sizeBytes.
             * @member {number} sizeBytes
             * @memberof nacre.v1.ObjectRef
             * @instance
             */
            ObjectRef.prototype.sizeBytes = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * ObjectRef hash.
             * @member {Uint8Array} hash
             * @memberof nacre.v1.ObjectRef
             * @instance
             */
            ObjectRef.prototype.hash = $util.newBuffer([]);

            /**
             * ObjectRef crc32c.
             * @member {number} crc32c
             * @memberof nacre.v1.ObjectRef
             * @instance
             */
            ObjectRef.prototype.crc32c = 0;

            /**
             * ObjectRef blockBytes.
             * @member {number} blockBytes
             * @memberof nacre.v1.ObjectRef
             * @instance
             */
            ObjectRef.prototype.blockBytes = 0;

            /**
             * ObjectRef blocks.
             * @member {Uint8Array} blocks
             * @memberof nacre.v1.ObjectRef
             * @instance
             */
            ObjectRef.prototype.blocks = $util.newBuffer([]);

            /**
             * ObjectRef coldOffset.
             * @member {number} coldOffset
             * @memberof nacre.v1.ObjectRef
             * @instance
             */
            ObjectRef.prototype.coldOffset = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * ObjectRef coldCrc32c.
             * @member {number} coldCrc32c
             * @memberof nacre.v1.ObjectRef
             * @instance
             */
            ObjectRef.prototype.coldCrc32c = 0;

            /**
             * Creates a new ObjectRef instance using the specified properties.
             * @function create
             * @memberof nacre.v1.ObjectRef
             * @static
             * @param {nacre.v1.ObjectRef.$Properties=} [properties] Properties to set
             * @returns {nacre.v1.ObjectRef} ObjectRef instance
             * @type {{
             *   (properties: nacre.v1.ObjectRef.$Shape): nacre.v1.ObjectRef & nacre.v1.ObjectRef.$Shape;
             *   (properties?: nacre.v1.ObjectRef.$Properties): nacre.v1.ObjectRef;
             * }}
             */
            ObjectRef.create = function(properties) {
                return new ObjectRef(properties);
            };

            /**
             * Encodes the specified ObjectRef message. Does not implicitly {@link nacre.v1.ObjectRef.verify|verify} messages.
             * @function encode
             * @memberof nacre.v1.ObjectRef
             * @static
             * @param {nacre.v1.ObjectRef.$Properties} message ObjectRef message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            ObjectRef.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.pattern != null && $Object.hasOwnProperty.call(message, "pattern") && message.pattern !== 0)
                    writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.pattern);
                if (message.id != null && $Object.hasOwnProperty.call(message, "id") && message.id.length)
                    writer.uint32(/* id 2, wireType 2 =*/18).bytes(message.id);
                if (message.sizeBytes != null && $Object.hasOwnProperty.call(message, "sizeBytes") && (typeof message.sizeBytes === "object" ? message.sizeBytes.low || message.sizeBytes.high : message.sizeBytes !== 0))
                    writer.uint32(/* id 3, wireType 0 =*/24).uint64(message.sizeBytes);
                if (message.hash != null && $Object.hasOwnProperty.call(message, "hash") && message.hash.length)
                    writer.uint32(/* id 4, wireType 2 =*/34).bytes(message.hash);
                if (message.crc32c != null && $Object.hasOwnProperty.call(message, "crc32c") && message.crc32c !== 0)
                    writer.uint32(/* id 5, wireType 5 =*/45).fixed32(message.crc32c);
                if (message.blockBytes != null && $Object.hasOwnProperty.call(message, "blockBytes") && message.blockBytes !== 0)
                    writer.uint32(/* id 6, wireType 0 =*/48).uint32(message.blockBytes);
                if (message.blocks != null && $Object.hasOwnProperty.call(message, "blocks") && message.blocks.length)
                    writer.uint32(/* id 7, wireType 2 =*/58).bytes(message.blocks);
                if (message.coldOffset != null && $Object.hasOwnProperty.call(message, "coldOffset") && (typeof message.coldOffset === "object" ? message.coldOffset.low || message.coldOffset.high : message.coldOffset !== 0))
                    writer.uint32(/* id 8, wireType 0 =*/64).uint64(message.coldOffset);
                if (message.coldCrc32c != null && $Object.hasOwnProperty.call(message, "coldCrc32c") && message.coldCrc32c !== 0)
                    writer.uint32(/* id 9, wireType 5 =*/77).fixed32(message.coldCrc32c);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes an ObjectRef message from the specified reader or buffer.
             * @function decode
             * @memberof nacre.v1.ObjectRef
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {nacre.v1.ObjectRef & nacre.v1.ObjectRef.$Shape} ObjectRef
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            ObjectRef.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.nacre.v1.ObjectRef();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.pattern = value;
                            else
                                delete message.pattern;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.id = value;
                            else
                                delete message.id;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.sizeBytes = value;
                            else
                                delete message.sizeBytes;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.hash = value;
                            else
                                delete message.hash;
                            continue;
                        }
                    case 5: {
                            if (wireType !== 5)
                                break;
                            if (value = reader.fixed32())
                                message.crc32c = value;
                            else
                                delete message.crc32c;
                            continue;
                        }
                    case 6: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.blockBytes = value;
                            else
                                delete message.blockBytes;
                            continue;
                        }
                    case 7: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.blocks = value;
                            else
                                delete message.blocks;
                            continue;
                        }
                    case 8: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.coldOffset = value;
                            else
                                delete message.coldOffset;
                            continue;
                        }
                    case 9: {
                            if (wireType !== 5)
                                break;
                            if (value = reader.fixed32())
                                message.coldCrc32c = value;
                            else
                                delete message.coldCrc32c;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return ObjectRef;
        })();

        v1.Operation = (function() {

            /**
             * Properties of an Operation.
             * @typedef {Object} nacre.v1.Operation.$Properties
             * @property {Uint8Array|null} [id] Operation id
             * @property {string|null} [application] Operation application
             * @property {number|null} [sequence] Operation sequence
             * @property {Array.<string>|null} [kinds] Operation kinds
             * @property {string|null} [author] Operation author
             * @property {string|null} [host] Operation host
             * @property {string|null} [message] Operation message
             * @property {Array.<nacre.v1.RowCount.$Properties>|null} [rows] Operation rows
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of an Operation.
             * @memberof nacre.v1
             * @interface IOperation
             * @augments nacre.v1.Operation.$Properties
             * @deprecated Use nacre.v1.Operation.$Properties instead.
             */

            /**
             * Shape of an Operation.
             * @typedef {nacre.v1.Operation.$Properties} nacre.v1.Operation.$Shape
             */

            /**
             * Constructs a new Operation.
             * @memberof nacre.v1
             * @classdesc Represents an Operation.
             * @constructor
             * @param {nacre.v1.Operation.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Operation = function (properties) {
                this.kinds = [];
                this.rows = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Operation id.
             * @member {Uint8Array} id
             * @memberof nacre.v1.Operation
             * @instance
             */
            Operation.prototype.id = $util.newBuffer([]);

            /**
             * Operation application.
             * @member {string} application
             * @memberof nacre.v1.Operation
             * @instance
             */
            Operation.prototype.application = "";

            /**
             * Operation sequence.
             * @member {number} sequence
             * @memberof nacre.v1.Operation
             * @instance
             */
            Operation.prototype.sequence = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Operation kinds.
             * @member {Array.<string>} kinds
             * @memberof nacre.v1.Operation
             * @instance
             */
            Operation.prototype.kinds = $util.emptyArray;

            /**
             * Operation author.
             * @member {string} author
             * @memberof nacre.v1.Operation
             * @instance
             */
            Operation.prototype.author = "";

            /**
             * Operation host.
             * @member {string} host
             * @memberof nacre.v1.Operation
             * @instance
             */
            Operation.prototype.host = "";

            /**
             * Operation message.
             * @member {string} message
             * @memberof nacre.v1.Operation
             * @instance
             */
            Operation.prototype.message = "";

            /**
             * Operation rows.
             * @member {Array.<nacre.v1.RowCount.$Properties>} rows
             * @memberof nacre.v1.Operation
             * @instance
             */
            Operation.prototype.rows = $util.emptyArray;

            /**
             * Creates a new Operation instance using the specified properties.
             * @function create
             * @memberof nacre.v1.Operation
             * @static
             * @param {nacre.v1.Operation.$Properties=} [properties] Properties to set
             * @returns {nacre.v1.Operation} Operation instance
             * @type {{
             *   (properties: nacre.v1.Operation.$Shape): nacre.v1.Operation & nacre.v1.Operation.$Shape;
             *   (properties?: nacre.v1.Operation.$Properties): nacre.v1.Operation;
             * }}
             */
            Operation.create = function(properties) {
                return new Operation(properties);
            };

            /**
             * Encodes the specified Operation message. Does not implicitly {@link nacre.v1.Operation.verify|verify} messages.
             * @function encode
             * @memberof nacre.v1.Operation
             * @static
             * @param {nacre.v1.Operation.$Properties} message Operation message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Operation.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.id != null && $Object.hasOwnProperty.call(message, "id") && message.id.length)
                    writer.uint32(/* id 1, wireType 2 =*/10).bytes(message.id);
                if (message.application != null && $Object.hasOwnProperty.call(message, "application") && message.application !== "")
                    writer.uint32(/* id 2, wireType 2 =*/18).string(message.application);
                if (message.sequence != null && $Object.hasOwnProperty.call(message, "sequence") && (typeof message.sequence === "object" ? message.sequence.low || message.sequence.high : message.sequence !== 0))
                    writer.uint32(/* id 3, wireType 0 =*/24).uint64(message.sequence);
                if (message.kinds != null && message.kinds.length)
                    for (let i = 0; i < message.kinds.length; ++i)
                        writer.uint32(/* id 4, wireType 2 =*/34).string(message.kinds[i]);
                if (message.author != null && $Object.hasOwnProperty.call(message, "author") && message.author !== "")
                    writer.uint32(/* id 5, wireType 2 =*/42).string(message.author);
                if (message.host != null && $Object.hasOwnProperty.call(message, "host") && message.host !== "")
                    writer.uint32(/* id 6, wireType 2 =*/50).string(message.host);
                if (message.message != null && $Object.hasOwnProperty.call(message, "message") && message.message !== "")
                    writer.uint32(/* id 7, wireType 2 =*/58).string(message.message);
                if (message.rows != null && message.rows.length)
                    for (let i = 0; i < message.rows.length; ++i)
                        $root.nacre.v1.RowCount.encode(message.rows[i], writer.uint32(/* id 8, wireType 2 =*/66).fork(), _depth + 1).ldelim();
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes an Operation message from the specified reader or buffer.
             * @function decode
             * @memberof nacre.v1.Operation
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {nacre.v1.Operation & nacre.v1.Operation.$Shape} Operation
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Operation.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.nacre.v1.Operation();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.id = value;
                            else
                                delete message.id;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.application = value;
                            else
                                delete message.application;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.sequence = value;
                            else
                                delete message.sequence;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 2)
                                break;
                            if (!(message.kinds && message.kinds.length))
                                message.kinds = [];
                            message.kinds.push(reader.stringVerify());
                            continue;
                        }
                    case 5: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.author = value;
                            else
                                delete message.author;
                            continue;
                        }
                    case 6: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.host = value;
                            else
                                delete message.host;
                            continue;
                        }
                    case 7: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.message = value;
                            else
                                delete message.message;
                            continue;
                        }
                    case 8: {
                            if (wireType !== 2)
                                break;
                            if (!(message.rows && message.rows.length))
                                message.rows = [];
                            message.rows.push($root.nacre.v1.RowCount.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Operation;
        })();

        v1.RowCount = (function() {

            /**
             * Properties of a RowCount.
             * @typedef {Object} nacre.v1.RowCount.$Properties
             * @property {Uint8Array|null} [array] RowCount array
             * @property {string|null} [name] RowCount name
             * @property {number|null} [added] RowCount added
             * @property {number|null} [dropped] RowCount dropped
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a RowCount.
             * @memberof nacre.v1
             * @interface IRowCount
             * @augments nacre.v1.RowCount.$Properties
             * @deprecated Use nacre.v1.RowCount.$Properties instead.
             */

            /**
             * Shape of a RowCount.
             * @typedef {nacre.v1.RowCount.$Properties} nacre.v1.RowCount.$Shape
             */

            /**
             * Constructs a new RowCount.
             * @memberof nacre.v1
             * @classdesc Represents a RowCount.
             * @constructor
             * @param {nacre.v1.RowCount.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const RowCount = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * RowCount array.
             * @member {Uint8Array} array
             * @memberof nacre.v1.RowCount
             * @instance
             */
            RowCount.prototype.array = $util.newBuffer([]);

            /**
             * RowCount name.
             * @member {string} name
             * @memberof nacre.v1.RowCount
             * @instance
             */
            RowCount.prototype.name = "";

            /**
             * RowCount added.
             * @member {number} added
             * @memberof nacre.v1.RowCount
             * @instance
             */
            RowCount.prototype.added = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * RowCount dropped.
             * @member {number} dropped
             * @memberof nacre.v1.RowCount
             * @instance
             */
            RowCount.prototype.dropped = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Creates a new RowCount instance using the specified properties.
             * @function create
             * @memberof nacre.v1.RowCount
             * @static
             * @param {nacre.v1.RowCount.$Properties=} [properties] Properties to set
             * @returns {nacre.v1.RowCount} RowCount instance
             * @type {{
             *   (properties: nacre.v1.RowCount.$Shape): nacre.v1.RowCount & nacre.v1.RowCount.$Shape;
             *   (properties?: nacre.v1.RowCount.$Properties): nacre.v1.RowCount;
             * }}
             */
            RowCount.create = function(properties) {
                return new RowCount(properties);
            };

            /**
             * Encodes the specified RowCount message. Does not implicitly {@link nacre.v1.RowCount.verify|verify} messages.
             * @function encode
             * @memberof nacre.v1.RowCount
             * @static
             * @param {nacre.v1.RowCount.$Properties} message RowCount message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            RowCount.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.array != null && $Object.hasOwnProperty.call(message, "array") && message.array.length)
                    writer.uint32(/* id 1, wireType 2 =*/10).bytes(message.array);
                if (message.name != null && $Object.hasOwnProperty.call(message, "name") && message.name !== "")
                    writer.uint32(/* id 2, wireType 2 =*/18).string(message.name);
                if (message.added != null && $Object.hasOwnProperty.call(message, "added") && (typeof message.added === "object" ? message.added.low || message.added.high : message.added !== 0))
                    writer.uint32(/* id 3, wireType 0 =*/24).uint64(message.added);
                if (message.dropped != null && $Object.hasOwnProperty.call(message, "dropped") && (typeof message.dropped === "object" ? message.dropped.low || message.dropped.high : message.dropped !== 0))
                    writer.uint32(/* id 4, wireType 0 =*/32).uint64(message.dropped);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a RowCount message from the specified reader or buffer.
             * @function decode
             * @memberof nacre.v1.RowCount
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {nacre.v1.RowCount & nacre.v1.RowCount.$Shape} RowCount
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            RowCount.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.nacre.v1.RowCount();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.array = value;
                            else
                                delete message.array;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.name = value;
                            else
                                delete message.name;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.added = value;
                            else
                                delete message.added;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.dropped = value;
                            else
                                delete message.dropped;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return RowCount;
        })();

        v1.RecentOperation = (function() {

            /**
             * Properties of a RecentOperation.
             * @typedef {Object} nacre.v1.RecentOperation.$Properties
             * @property {Uint8Array|null} [id] RecentOperation id
             * @property {number|null} [version] RecentOperation version
             * @property {number|null} [timeMs] RecentOperation timeMs
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a RecentOperation.
             * @memberof nacre.v1
             * @interface IRecentOperation
             * @augments nacre.v1.RecentOperation.$Properties
             * @deprecated Use nacre.v1.RecentOperation.$Properties instead.
             */

            /**
             * Shape of a RecentOperation.
             * @typedef {nacre.v1.RecentOperation.$Properties} nacre.v1.RecentOperation.$Shape
             */

            /**
             * Constructs a new RecentOperation.
             * @memberof nacre.v1
             * @classdesc Represents a RecentOperation.
             * @constructor
             * @param {nacre.v1.RecentOperation.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const RecentOperation = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * RecentOperation id.
             * @member {Uint8Array} id
             * @memberof nacre.v1.RecentOperation
             * @instance
             */
            RecentOperation.prototype.id = $util.newBuffer([]);

            /**
             * RecentOperation version.
             * @member {number} version
             * @memberof nacre.v1.RecentOperation
             * @instance
             */
            RecentOperation.prototype.version = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * RecentOperation timeMs.
             * @member {number} timeMs
             * @memberof nacre.v1.RecentOperation
             * @instance
             */
            RecentOperation.prototype.timeMs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Creates a new RecentOperation instance using the specified properties.
             * @function create
             * @memberof nacre.v1.RecentOperation
             * @static
             * @param {nacre.v1.RecentOperation.$Properties=} [properties] Properties to set
             * @returns {nacre.v1.RecentOperation} RecentOperation instance
             * @type {{
             *   (properties: nacre.v1.RecentOperation.$Shape): nacre.v1.RecentOperation & nacre.v1.RecentOperation.$Shape;
             *   (properties?: nacre.v1.RecentOperation.$Properties): nacre.v1.RecentOperation;
             * }}
             */
            RecentOperation.create = function(properties) {
                return new RecentOperation(properties);
            };

            /**
             * Encodes the specified RecentOperation message. Does not implicitly {@link nacre.v1.RecentOperation.verify|verify} messages.
             * @function encode
             * @memberof nacre.v1.RecentOperation
             * @static
             * @param {nacre.v1.RecentOperation.$Properties} message RecentOperation message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            RecentOperation.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.id != null && $Object.hasOwnProperty.call(message, "id") && message.id.length)
                    writer.uint32(/* id 1, wireType 2 =*/10).bytes(message.id);
                if (message.version != null && $Object.hasOwnProperty.call(message, "version") && (typeof message.version === "object" ? message.version.low || message.version.high : message.version !== 0))
                    writer.uint32(/* id 2, wireType 0 =*/16).uint64(message.version);
                if (message.timeMs != null && $Object.hasOwnProperty.call(message, "timeMs") && (typeof message.timeMs === "object" ? message.timeMs.low || message.timeMs.high : message.timeMs !== 0))
                    writer.uint32(/* id 3, wireType 0 =*/24).uint64(message.timeMs);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a RecentOperation message from the specified reader or buffer.
             * @function decode
             * @memberof nacre.v1.RecentOperation
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {nacre.v1.RecentOperation & nacre.v1.RecentOperation.$Shape} RecentOperation
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            RecentOperation.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.nacre.v1.RecentOperation();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.id = value;
                            else
                                delete message.id;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.version = value;
                            else
                                delete message.version;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.timeMs = value;
                            else
                                delete message.timeMs;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return RecentOperation;
        })();

        v1.OperationsRef = (function() {

            /**
             * Properties of an OperationsRef.
             * @typedef {Object} nacre.v1.OperationsRef.$Properties
             * @property {number|null} [object] OperationsRef object
             * @property {number|null} [count] OperationsRef count
             * @property {number|null} [toTimeMs] OperationsRef toTimeMs
             * @property {Uint8Array|null} [filter] OperationsRef filter
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of an OperationsRef.
             * @memberof nacre.v1
             * @interface IOperationsRef
             * @augments nacre.v1.OperationsRef.$Properties
             * @deprecated Use nacre.v1.OperationsRef.$Properties instead.
             */

            /**
             * Shape of an OperationsRef.
             * @typedef {nacre.v1.OperationsRef.$Properties} nacre.v1.OperationsRef.$Shape
             */

            /**
             * Constructs a new OperationsRef.
             * @memberof nacre.v1
             * @classdesc Represents an OperationsRef.
             * @constructor
             * @param {nacre.v1.OperationsRef.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const OperationsRef = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * OperationsRef object.
             * @member {number} object
             * @memberof nacre.v1.OperationsRef
             * @instance
             */
            OperationsRef.prototype.object = 0;

            /**
             * OperationsRef count.
             * @member {number} count
             * @memberof nacre.v1.OperationsRef
             * @instance
             */
            OperationsRef.prototype.count = 0;

            /**
             * OperationsRef toTimeMs.
             * @member {number} toTimeMs
             * @memberof nacre.v1.OperationsRef
             * @instance
             */
            OperationsRef.prototype.toTimeMs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * OperationsRef filter.
             * @member {Uint8Array} filter
             * @memberof nacre.v1.OperationsRef
             * @instance
             */
            OperationsRef.prototype.filter = $util.newBuffer([]);

            /**
             * Creates a new OperationsRef instance using the specified properties.
             * @function create
             * @memberof nacre.v1.OperationsRef
             * @static
             * @param {nacre.v1.OperationsRef.$Properties=} [properties] Properties to set
             * @returns {nacre.v1.OperationsRef} OperationsRef instance
             * @type {{
             *   (properties: nacre.v1.OperationsRef.$Shape): nacre.v1.OperationsRef & nacre.v1.OperationsRef.$Shape;
             *   (properties?: nacre.v1.OperationsRef.$Properties): nacre.v1.OperationsRef;
             * }}
             */
            OperationsRef.create = function(properties) {
                return new OperationsRef(properties);
            };

            /**
             * Encodes the specified OperationsRef message. Does not implicitly {@link nacre.v1.OperationsRef.verify|verify} messages.
             * @function encode
             * @memberof nacre.v1.OperationsRef
             * @static
             * @param {nacre.v1.OperationsRef.$Properties} message OperationsRef message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            OperationsRef.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.object != null && $Object.hasOwnProperty.call(message, "object") && message.object !== 0)
                    writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.object);
                if (message.count != null && $Object.hasOwnProperty.call(message, "count") && message.count !== 0)
                    writer.uint32(/* id 2, wireType 0 =*/16).uint32(message.count);
                if (message.toTimeMs != null && $Object.hasOwnProperty.call(message, "toTimeMs") && (typeof message.toTimeMs === "object" ? message.toTimeMs.low || message.toTimeMs.high : message.toTimeMs !== 0))
                    writer.uint32(/* id 3, wireType 0 =*/24).uint64(message.toTimeMs);
                if (message.filter != null && $Object.hasOwnProperty.call(message, "filter") && message.filter.length)
                    writer.uint32(/* id 4, wireType 2 =*/34).bytes(message.filter);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes an OperationsRef message from the specified reader or buffer.
             * @function decode
             * @memberof nacre.v1.OperationsRef
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {nacre.v1.OperationsRef & nacre.v1.OperationsRef.$Shape} OperationsRef
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            OperationsRef.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.nacre.v1.OperationsRef();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.object = value;
                            else
                                delete message.object;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.count = value;
                            else
                                delete message.count;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.toTimeMs = value;
                            else
                                delete message.toTimeMs;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.filter = value;
                            else
                                delete message.filter;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return OperationsRef;
        })();

        v1.Operations = (function() {

            /**
             * Properties of an Operations.
             * @typedef {Object} nacre.v1.Operations.$Properties
             * @property {Array.<number>|null} [requiredFeatures] Operations requiredFeatures
             * @property {Array.<nacre.v1.RecentOperation.$Properties>|null} [operations] Operations operations
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of an Operations.
             * @memberof nacre.v1
             * @interface IOperations
             * @augments nacre.v1.Operations.$Properties
             * @deprecated Use nacre.v1.Operations.$Properties instead.
             */

            /**
             * Shape of an Operations.
             * @typedef {nacre.v1.Operations.$Properties} nacre.v1.Operations.$Shape
             */

            /**
             * Constructs a new Operations.
             * @memberof nacre.v1
             * @classdesc Represents an Operations.
             * @constructor
             * @param {nacre.v1.Operations.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Operations = function (properties) {
                this.requiredFeatures = [];
                this.operations = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Operations requiredFeatures.
             * @member {Array.<number>} requiredFeatures
             * @memberof nacre.v1.Operations
             * @instance
             */
            Operations.prototype.requiredFeatures = $util.emptyArray;

            /**
             * Operations operations.
             * @member {Array.<nacre.v1.RecentOperation.$Properties>} operations
             * @memberof nacre.v1.Operations
             * @instance
             */
            Operations.prototype.operations = $util.emptyArray;

            /**
             * Creates a new Operations instance using the specified properties.
             * @function create
             * @memberof nacre.v1.Operations
             * @static
             * @param {nacre.v1.Operations.$Properties=} [properties] Properties to set
             * @returns {nacre.v1.Operations} Operations instance
             * @type {{
             *   (properties: nacre.v1.Operations.$Shape): nacre.v1.Operations & nacre.v1.Operations.$Shape;
             *   (properties?: nacre.v1.Operations.$Properties): nacre.v1.Operations;
             * }}
             */
            Operations.create = function(properties) {
                return new Operations(properties);
            };

            /**
             * Encodes the specified Operations message. Does not implicitly {@link nacre.v1.Operations.verify|verify} messages.
             * @function encode
             * @memberof nacre.v1.Operations
             * @static
             * @param {nacre.v1.Operations.$Properties} message Operations message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Operations.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.requiredFeatures != null && message.requiredFeatures.length)
                    writer.uint32(/* id 1, wireType 2 =*/10).uint32s(message.requiredFeatures);
                if (message.operations != null && message.operations.length)
                    for (let i = 0; i < message.operations.length; ++i)
                        $root.nacre.v1.RecentOperation.encode(message.operations[i], writer.uint32(/* id 2, wireType 2 =*/18).fork(), _depth + 1).ldelim();
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes an Operations message from the specified reader or buffer.
             * @function decode
             * @memberof nacre.v1.Operations
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {nacre.v1.Operations & nacre.v1.Operations.$Shape} Operations
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Operations.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.nacre.v1.Operations();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType === 2) {
                                if (!(message.requiredFeatures && message.requiredFeatures.length))
                                    message.requiredFeatures = [];
                                reader.uint32s(message.requiredFeatures);
                                continue;
                            }
                            if (wireType !== 0)
                                break;
                            if (!(message.requiredFeatures && message.requiredFeatures.length))
                                message.requiredFeatures = [];
                            message.requiredFeatures.push(reader.uint32());
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if (!(message.operations && message.operations.length))
                                message.operations = [];
                            message.operations.push($root.nacre.v1.RecentOperation.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Operations;
        })();

        v1.Application = (function() {

            /**
             * Properties of an Application.
             * @typedef {Object} nacre.v1.Application.$Properties
             * @property {string|null} [name] Application name
             * @property {number|null} [sequence] Application sequence
             * @property {number|null} [version] Application version
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of an Application.
             * @memberof nacre.v1
             * @interface IApplication
             * @augments nacre.v1.Application.$Properties
             * @deprecated Use nacre.v1.Application.$Properties instead.
             */

            /**
             * Shape of an Application.
             * @typedef {nacre.v1.Application.$Properties} nacre.v1.Application.$Shape
             */

            /**
             * Constructs a new Application.
             * @memberof nacre.v1
             * @classdesc Represents an Application.
             * @constructor
             * @param {nacre.v1.Application.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Application = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Application name.
             * @member {string} name
             * @memberof nacre.v1.Application
             * @instance
             */
            Application.prototype.name = "";

            /**
             * Application sequence.
             * @member {number} sequence
             * @memberof nacre.v1.Application
             * @instance
             */
            Application.prototype.sequence = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Application version.
             * @member {number} version
             * @memberof nacre.v1.Application
             * @instance
             */
            Application.prototype.version = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Creates a new Application instance using the specified properties.
             * @function create
             * @memberof nacre.v1.Application
             * @static
             * @param {nacre.v1.Application.$Properties=} [properties] Properties to set
             * @returns {nacre.v1.Application} Application instance
             * @type {{
             *   (properties: nacre.v1.Application.$Shape): nacre.v1.Application & nacre.v1.Application.$Shape;
             *   (properties?: nacre.v1.Application.$Properties): nacre.v1.Application;
             * }}
             */
            Application.create = function(properties) {
                return new Application(properties);
            };

            /**
             * Encodes the specified Application message. Does not implicitly {@link nacre.v1.Application.verify|verify} messages.
             * @function encode
             * @memberof nacre.v1.Application
             * @static
             * @param {nacre.v1.Application.$Properties} message Application message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Application.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.name != null && $Object.hasOwnProperty.call(message, "name") && message.name !== "")
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.name);
                if (message.sequence != null && $Object.hasOwnProperty.call(message, "sequence") && (typeof message.sequence === "object" ? message.sequence.low || message.sequence.high : message.sequence !== 0))
                    writer.uint32(/* id 2, wireType 0 =*/16).uint64(message.sequence);
                if (message.version != null && $Object.hasOwnProperty.call(message, "version") && (typeof message.version === "object" ? message.version.low || message.version.high : message.version !== 0))
                    writer.uint32(/* id 3, wireType 0 =*/24).uint64(message.version);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes an Application message from the specified reader or buffer.
             * @function decode
             * @memberof nacre.v1.Application
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {nacre.v1.Application & nacre.v1.Application.$Shape} Application
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Application.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.nacre.v1.Application();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.name = value;
                            else
                                delete message.name;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.sequence = value;
                            else
                                delete message.sequence;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.version = value;
                            else
                                delete message.version;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Application;
        })();

        v1.Changes = (function() {

            /**
             * Properties of a Changes.
             * @typedef {Object} nacre.v1.Changes.$Properties
             * @property {Array.<nacre.v1.ArrayChange.$Properties>|null} [arrays] Changes arrays
             * @property {Array.<number>|null} [added] Changes added
             * @property {nacre.v1.ObjectTable.$Properties|null} [removed] Changes removed
             * @property {Array.<string>|null} [tags] Changes tags
             * @property {number|null} [moved] Changes moved
             * @property {nacre.v1.ObjectTable.$Properties|null} [merged] Changes merged
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Changes.
             * @memberof nacre.v1
             * @interface IChanges
             * @augments nacre.v1.Changes.$Properties
             * @deprecated Use nacre.v1.Changes.$Properties instead.
             */

            /**
             * Shape of a Changes.
             * @typedef {{
             *   arrays?: Array.<nacre.v1.ArrayChange.$Shape>|null;
             *   added?: Array.<number>|null;
             *   removed?: nacre.v1.ObjectTable.$Shape|null;
             *   tags?: Array.<string>|null;
             *   moved?: number|null;
             *   merged?: nacre.v1.ObjectTable.$Shape|null;
             *   $unknowns?: Array.<Uint8Array>;
             * }} nacre.v1.Changes.$Shape
             */

            /**
             * Constructs a new Changes.
             * @memberof nacre.v1
             * @classdesc Represents a Changes.
             * @constructor
             * @param {nacre.v1.Changes.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Changes = function (properties) {
                this.arrays = [];
                this.added = [];
                this.tags = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Changes arrays.
             * @member {Array.<nacre.v1.ArrayChange.$Properties>} arrays
             * @memberof nacre.v1.Changes
             * @instance
             */
            Changes.prototype.arrays = $util.emptyArray;

            /**
             * Changes added.
             * @member {Array.<number>} added
             * @memberof nacre.v1.Changes
             * @instance
             */
            Changes.prototype.added = $util.emptyArray;

            /**
             * Changes removed.
             * @member {nacre.v1.ObjectTable.$Properties|null|undefined} removed
             * @memberof nacre.v1.Changes
             * @instance
             */
            Changes.prototype.removed = null;

            /**
             * Changes tags.
             * @member {Array.<string>} tags
             * @memberof nacre.v1.Changes
             * @instance
             */
            Changes.prototype.tags = $util.emptyArray;

            /**
             * Changes moved.
             * @member {number} moved
             * @memberof nacre.v1.Changes
             * @instance
             */
            Changes.prototype.moved = 0;

            /**
             * Changes merged.
             * @member {nacre.v1.ObjectTable.$Properties|null|undefined} merged
             * @memberof nacre.v1.Changes
             * @instance
             */
            Changes.prototype.merged = null;

            /**
             * Creates a new Changes instance using the specified properties.
             * @function create
             * @memberof nacre.v1.Changes
             * @static
             * @param {nacre.v1.Changes.$Properties=} [properties] Properties to set
             * @returns {nacre.v1.Changes} Changes instance
             * @type {{
             *   (properties: nacre.v1.Changes.$Shape): nacre.v1.Changes & nacre.v1.Changes.$Shape;
             *   (properties?: nacre.v1.Changes.$Properties): nacre.v1.Changes;
             * }}
             */
            Changes.create = function(properties) {
                return new Changes(properties);
            };

            /**
             * Encodes the specified Changes message. Does not implicitly {@link nacre.v1.Changes.verify|verify} messages.
             * @function encode
             * @memberof nacre.v1.Changes
             * @static
             * @param {nacre.v1.Changes.$Properties} message Changes message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Changes.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.arrays != null && message.arrays.length)
                    for (let i = 0; i < message.arrays.length; ++i)
                        $root.nacre.v1.ArrayChange.encode(message.arrays[i], writer.uint32(/* id 1, wireType 2 =*/10).fork(), _depth + 1).ldelim();
                if (message.added != null && message.added.length)
                    writer.uint32(/* id 2, wireType 2 =*/18).uint32s(message.added);
                if (message.removed != null && $Object.hasOwnProperty.call(message, "removed"))
                    $root.nacre.v1.ObjectTable.encode(message.removed, writer.uint32(/* id 3, wireType 2 =*/26).fork(), _depth + 1).ldelim();
                if (message.tags != null && message.tags.length)
                    for (let i = 0; i < message.tags.length; ++i)
                        writer.uint32(/* id 4, wireType 2 =*/34).string(message.tags[i]);
                if (message.moved != null && $Object.hasOwnProperty.call(message, "moved") && message.moved !== 0)
                    writer.uint32(/* id 5, wireType 0 =*/40).uint32(message.moved);
                if (message.merged != null && $Object.hasOwnProperty.call(message, "merged"))
                    $root.nacre.v1.ObjectTable.encode(message.merged, writer.uint32(/* id 6, wireType 2 =*/50).fork(), _depth + 1).ldelim();
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a Changes message from the specified reader or buffer.
             * @function decode
             * @memberof nacre.v1.Changes
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {nacre.v1.Changes & nacre.v1.Changes.$Shape} Changes
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Changes.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.nacre.v1.Changes();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if (!(message.arrays && message.arrays.length))
                                message.arrays = [];
                            message.arrays.push($root.nacre.v1.ArrayChange.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    case 2: {
                            if (wireType === 2) {
                                if (!(message.added && message.added.length))
                                    message.added = [];
                                reader.uint32s(message.added);
                                continue;
                            }
                            if (wireType !== 0)
                                break;
                            if (!(message.added && message.added.length))
                                message.added = [];
                            message.added.push(reader.uint32());
                            continue;
                        }
                    case 3: {
                            if (wireType !== 2)
                                break;
                            message.removed = $root.nacre.v1.ObjectTable.decode(reader, reader.size(), $undefined, _depth + 1, message.removed);
                            continue;
                        }
                    case 4: {
                            if (wireType !== 2)
                                break;
                            if (!(message.tags && message.tags.length))
                                message.tags = [];
                            message.tags.push(reader.stringVerify());
                            continue;
                        }
                    case 5: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.moved = value;
                            else
                                delete message.moved;
                            continue;
                        }
                    case 6: {
                            if (wireType !== 2)
                                break;
                            message.merged = $root.nacre.v1.ObjectTable.decode(reader, reader.size(), $undefined, _depth + 1, message.merged);
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Changes;
        })();

        v1.ArrayChange = (function() {

            /**
             * Properties of an ArrayChange.
             * @typedef {Object} nacre.v1.ArrayChange.$Properties
             * @property {Uint8Array|null} [array] ArrayChange array
             * @property {boolean|null} [created] ArrayChange created
             * @property {boolean|null} [dropped] ArrayChange dropped
             * @property {boolean|null} [renamed] ArrayChange renamed
             * @property {number|null} [appendedRows] ArrayChange appendedRows
             * @property {number|null} [replacedRows] ArrayChange replacedRows
             * @property {Array.<nacre.v1.RowSet.$Properties>|null} [removed] ArrayChange removed
             * @property {boolean|null} [indexed] ArrayChange indexed
             * @property {boolean|null} [attributes] ArrayChange attributes
             * @property {boolean|null} [keyed] ArrayChange keyed
             * @property {boolean|null} [restored] ArrayChange restored
             * @property {boolean|null} [paritySet] ArrayChange paritySet
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of an ArrayChange.
             * @memberof nacre.v1
             * @interface IArrayChange
             * @augments nacre.v1.ArrayChange.$Properties
             * @deprecated Use nacre.v1.ArrayChange.$Properties instead.
             */

            /**
             * Shape of an ArrayChange.
             * @typedef {{
             *   array?: Uint8Array|null;
             *   created?: boolean|null;
             *   dropped?: boolean|null;
             *   renamed?: boolean|null;
             *   appendedRows?: number|null;
             *   replacedRows?: number|null;
             *   removed?: Array.<nacre.v1.RowSet.$Shape>|null;
             *   indexed?: boolean|null;
             *   attributes?: boolean|null;
             *   keyed?: boolean|null;
             *   restored?: boolean|null;
             *   paritySet?: boolean|null;
             *   $unknowns?: Array.<Uint8Array>;
             * }} nacre.v1.ArrayChange.$Shape
             */

            /**
             * Constructs a new ArrayChange.
             * @memberof nacre.v1
             * @classdesc Represents an ArrayChange.
             * @constructor
             * @param {nacre.v1.ArrayChange.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const ArrayChange = function (properties) {
                this.removed = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * ArrayChange array.
             * @member {Uint8Array} array
             * @memberof nacre.v1.ArrayChange
             * @instance
             */
            ArrayChange.prototype.array = $util.newBuffer([]);

            /**
             * ArrayChange created.
             * @member {boolean} created
             * @memberof nacre.v1.ArrayChange
             * @instance
             */
            ArrayChange.prototype.created = false;

            /**
             * ArrayChange dropped.
             * @member {boolean} dropped
             * @memberof nacre.v1.ArrayChange
             * @instance
             */
            ArrayChange.prototype.dropped = false;

            /**
             * ArrayChange renamed.
             * @member {boolean} renamed
             * @memberof nacre.v1.ArrayChange
             * @instance
             */
            ArrayChange.prototype.renamed = false;

            /**
             * ArrayChange appendedRows.
             * @member {number} appendedRows
             * @memberof nacre.v1.ArrayChange
             * @instance
             */
            ArrayChange.prototype.appendedRows = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * ArrayChange replacedRows.
             * @member {number} replacedRows
             * @memberof nacre.v1.ArrayChange
             * @instance
             */
            ArrayChange.prototype.replacedRows = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * ArrayChange removed.
             * @member {Array.<nacre.v1.RowSet.$Properties>} removed
             * @memberof nacre.v1.ArrayChange
             * @instance
             */
            ArrayChange.prototype.removed = $util.emptyArray;

            /**
             * ArrayChange indexed.
             * @member {boolean} indexed
             * @memberof nacre.v1.ArrayChange
             * @instance
             */
            ArrayChange.prototype.indexed = false;

            /**
             * ArrayChange attributes.
             * @member {boolean} attributes
             * @memberof nacre.v1.ArrayChange
             * @instance
             */
            ArrayChange.prototype.attributes = false;

            /**
             * ArrayChange keyed.
             * @member {boolean} keyed
             * @memberof nacre.v1.ArrayChange
             * @instance
             */
            ArrayChange.prototype.keyed = false;

            /**
             * ArrayChange restored.
             * @member {boolean} restored
             * @memberof nacre.v1.ArrayChange
             * @instance
             */
            ArrayChange.prototype.restored = false;

            /**
             * ArrayChange paritySet.
             * @member {boolean} paritySet
             * @memberof nacre.v1.ArrayChange
             * @instance
             */
            ArrayChange.prototype.paritySet = false;

            /**
             * Creates a new ArrayChange instance using the specified properties.
             * @function create
             * @memberof nacre.v1.ArrayChange
             * @static
             * @param {nacre.v1.ArrayChange.$Properties=} [properties] Properties to set
             * @returns {nacre.v1.ArrayChange} ArrayChange instance
             * @type {{
             *   (properties: nacre.v1.ArrayChange.$Shape): nacre.v1.ArrayChange & nacre.v1.ArrayChange.$Shape;
             *   (properties?: nacre.v1.ArrayChange.$Properties): nacre.v1.ArrayChange;
             * }}
             */
            ArrayChange.create = function(properties) {
                return new ArrayChange(properties);
            };

            /**
             * Encodes the specified ArrayChange message. Does not implicitly {@link nacre.v1.ArrayChange.verify|verify} messages.
             * @function encode
             * @memberof nacre.v1.ArrayChange
             * @static
             * @param {nacre.v1.ArrayChange.$Properties} message ArrayChange message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            ArrayChange.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.array != null && $Object.hasOwnProperty.call(message, "array") && message.array.length)
                    writer.uint32(/* id 1, wireType 2 =*/10).bytes(message.array);
                if (message.created != null && $Object.hasOwnProperty.call(message, "created") && message.created !== false)
                    writer.uint32(/* id 2, wireType 0 =*/16).bool(message.created);
                if (message.dropped != null && $Object.hasOwnProperty.call(message, "dropped") && message.dropped !== false)
                    writer.uint32(/* id 3, wireType 0 =*/24).bool(message.dropped);
                if (message.renamed != null && $Object.hasOwnProperty.call(message, "renamed") && message.renamed !== false)
                    writer.uint32(/* id 4, wireType 0 =*/32).bool(message.renamed);
                if (message.appendedRows != null && $Object.hasOwnProperty.call(message, "appendedRows") && (typeof message.appendedRows === "object" ? message.appendedRows.low || message.appendedRows.high : message.appendedRows !== 0))
                    writer.uint32(/* id 5, wireType 0 =*/40).uint64(message.appendedRows);
                if (message.replacedRows != null && $Object.hasOwnProperty.call(message, "replacedRows") && (typeof message.replacedRows === "object" ? message.replacedRows.low || message.replacedRows.high : message.replacedRows !== 0))
                    writer.uint32(/* id 6, wireType 0 =*/48).uint64(message.replacedRows);
                if (message.removed != null && message.removed.length)
                    for (let i = 0; i < message.removed.length; ++i)
                        $root.nacre.v1.RowSet.encode(message.removed[i], writer.uint32(/* id 7, wireType 2 =*/58).fork(), _depth + 1).ldelim();
                if (message.indexed != null && $Object.hasOwnProperty.call(message, "indexed") && message.indexed !== false)
                    writer.uint32(/* id 8, wireType 0 =*/64).bool(message.indexed);
                if (message.attributes != null && $Object.hasOwnProperty.call(message, "attributes") && message.attributes !== false)
                    writer.uint32(/* id 9, wireType 0 =*/72).bool(message.attributes);
                if (message.keyed != null && $Object.hasOwnProperty.call(message, "keyed") && message.keyed !== false)
                    writer.uint32(/* id 29, wireType 0 =*/232).bool(message.keyed);
                if (message.restored != null && $Object.hasOwnProperty.call(message, "restored") && message.restored !== false)
                    writer.uint32(/* id 30, wireType 0 =*/240).bool(message.restored);
                if (message.paritySet != null && $Object.hasOwnProperty.call(message, "paritySet") && message.paritySet !== false)
                    writer.uint32(/* id 50, wireType 0 =*/400).bool(message.paritySet);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes an ArrayChange message from the specified reader or buffer.
             * @function decode
             * @memberof nacre.v1.ArrayChange
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {nacre.v1.ArrayChange & nacre.v1.ArrayChange.$Shape} ArrayChange
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            ArrayChange.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.nacre.v1.ArrayChange();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.array = value;
                            else
                                delete message.array;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.bool())
                                message.created = value;
                            else
                                delete message.created;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.bool())
                                message.dropped = value;
                            else
                                delete message.dropped;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.bool())
                                message.renamed = value;
                            else
                                delete message.renamed;
                            continue;
                        }
                    case 5: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.appendedRows = value;
                            else
                                delete message.appendedRows;
                            continue;
                        }
                    case 6: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.replacedRows = value;
                            else
                                delete message.replacedRows;
                            continue;
                        }
                    case 7: {
                            if (wireType !== 2)
                                break;
                            if (!(message.removed && message.removed.length))
                                message.removed = [];
                            message.removed.push($root.nacre.v1.RowSet.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    case 8: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.bool())
                                message.indexed = value;
                            else
                                delete message.indexed;
                            continue;
                        }
                    case 9: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.bool())
                                message.attributes = value;
                            else
                                delete message.attributes;
                            continue;
                        }
                    case 29: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.bool())
                                message.keyed = value;
                            else
                                delete message.keyed;
                            continue;
                        }
                    case 30: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.bool())
                                message.restored = value;
                            else
                                delete message.restored;
                            continue;
                        }
                    case 50: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.bool())
                                message.paritySet = value;
                            else
                                delete message.paritySet;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return ArrayChange;
        })();

        v1.RowSet = (function() {

            /**
             * Properties of a RowSet.
             * @typedef {Object} nacre.v1.RowSet.$Properties
             * @property {Uint8Array|null} [inline] RowSet inline
             * @property {number|null} [object] RowSet object
             * @property {number|null} [count] RowSet count
             * @property {number|null} [start] RowSet start
             * @property {number|null} [end] RowSet end
             * @property {"inline"|"object"} [place] RowSet place
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a RowSet.
             * @memberof nacre.v1
             * @interface IRowSet
             * @augments nacre.v1.RowSet.$Properties
             * @deprecated Use nacre.v1.RowSet.$Properties instead.
             */

            /**
             * Narrowed shape of a RowSet.
             * @typedef {{
             *   inline?: Uint8Array|null;
             *   object?: number|null;
             *   count?: number|null;
             *   start?: number|null;
             *   end?: number|null;
             *   $unknowns?: Array.<Uint8Array>;
             * } & (
             *   ({ place?: undefined; inline?: null; object?: null }|{ place?: "inline"; inline: Uint8Array; object?: null }|{ place?: "object"; inline?: null; object: number })
             * )} nacre.v1.RowSet.$Shape
             */

            /**
             * Constructs a new RowSet.
             * @memberof nacre.v1
             * @classdesc Represents a RowSet.
             * @constructor
             * @param {nacre.v1.RowSet.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const RowSet = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * RowSet inline.
             * @member {Uint8Array|null|undefined} inline
             * @memberof nacre.v1.RowSet
             * @instance
             */
            RowSet.prototype.inline = null;

            /**
             * RowSet object.
             * @member {number|null|undefined} object
             * @memberof nacre.v1.RowSet
             * @instance
             */
            RowSet.prototype.object = null;

            /**
             * RowSet count.
             * @member {number} count
             * @memberof nacre.v1.RowSet
             * @instance
             */
            RowSet.prototype.count = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * RowSet start.
             * @member {number} start
             * @memberof nacre.v1.RowSet
             * @instance
             */
            RowSet.prototype.start = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * RowSet end.
             * @member {number} end
             * @memberof nacre.v1.RowSet
             * @instance
             */
            RowSet.prototype.end = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            // OneOf field names bound to virtual getters and setters
            let $oneOfFields;

            /**
             * RowSet place.
             * @member {"inline"|"object"|undefined} place
             * @memberof nacre.v1.RowSet
             * @instance
             */
            $Object.defineProperty(RowSet.prototype, "place", {
                get: $util.oneOfGetter($oneOfFields = ["inline", "object"]),
                set: $util.oneOfSetter($oneOfFields)
            });

            /**
             * Creates a new RowSet instance using the specified properties.
             * @function create
             * @memberof nacre.v1.RowSet
             * @static
             * @param {nacre.v1.RowSet.$Properties=} [properties] Properties to set
             * @returns {nacre.v1.RowSet} RowSet instance
             * @type {{
             *   (properties: nacre.v1.RowSet.$Shape): nacre.v1.RowSet & nacre.v1.RowSet.$Shape;
             *   (properties?: nacre.v1.RowSet.$Properties): nacre.v1.RowSet;
             * }}
             */
            RowSet.create = function(properties) {
                return new RowSet(properties);
            };

            /**
             * Encodes the specified RowSet message. Does not implicitly {@link nacre.v1.RowSet.verify|verify} messages.
             * @function encode
             * @memberof nacre.v1.RowSet
             * @static
             * @param {nacre.v1.RowSet.$Properties} message RowSet message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            RowSet.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.inline != null && $Object.hasOwnProperty.call(message, "inline"))
                    writer.uint32(/* id 1, wireType 2 =*/10).bytes(message.inline);
                if (message.object != null && $Object.hasOwnProperty.call(message, "object"))
                    writer.uint32(/* id 2, wireType 0 =*/16).uint32(message.object);
                if (message.count != null && $Object.hasOwnProperty.call(message, "count") && (typeof message.count === "object" ? message.count.low || message.count.high : message.count !== 0))
                    writer.uint32(/* id 3, wireType 0 =*/24).uint64(message.count);
                if (message.start != null && $Object.hasOwnProperty.call(message, "start") && (typeof message.start === "object" ? message.start.low || message.start.high : message.start !== 0))
                    writer.uint32(/* id 4, wireType 0 =*/32).uint64(message.start);
                if (message.end != null && $Object.hasOwnProperty.call(message, "end") && (typeof message.end === "object" ? message.end.low || message.end.high : message.end !== 0))
                    writer.uint32(/* id 5, wireType 0 =*/40).uint64(message.end);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a RowSet message from the specified reader or buffer.
             * @function decode
             * @memberof nacre.v1.RowSet
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {nacre.v1.RowSet & nacre.v1.RowSet.$Shape} RowSet
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            RowSet.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.nacre.v1.RowSet();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            message.inline = reader.bytes();
                            message.place = "inline";
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            message.object = reader.uint32();
                            message.place = "object";
                            continue;
                        }
                    case 3: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.count = value;
                            else
                                delete message.count;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.start = value;
                            else
                                delete message.start;
                            continue;
                        }
                    case 5: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.end = value;
                            else
                                delete message.end;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return RowSet;
        })();

        /**
         * Dtype enum.
         * @name nacre.v1.Dtype
         * @enum {number}
         * @property {number} DTYPE_UNSPECIFIED=0 DTYPE_UNSPECIFIED value
         * @property {number} DTYPE_BOOL=1 DTYPE_BOOL value
         * @property {number} DTYPE_INT8=2 DTYPE_INT8 value
         * @property {number} DTYPE_INT16=3 DTYPE_INT16 value
         * @property {number} DTYPE_INT32=4 DTYPE_INT32 value
         * @property {number} DTYPE_INT64=5 DTYPE_INT64 value
         * @property {number} DTYPE_UINT8=6 DTYPE_UINT8 value
         * @property {number} DTYPE_UINT16=7 DTYPE_UINT16 value
         * @property {number} DTYPE_UINT32=8 DTYPE_UINT32 value
         * @property {number} DTYPE_UINT64=9 DTYPE_UINT64 value
         * @property {number} DTYPE_FLOAT16=10 DTYPE_FLOAT16 value
         * @property {number} DTYPE_FLOAT32=11 DTYPE_FLOAT32 value
         * @property {number} DTYPE_FLOAT64=12 DTYPE_FLOAT64 value
         * @property {number} DTYPE_COMPLEX64=13 DTYPE_COMPLEX64 value
         * @property {number} DTYPE_COMPLEX128=14 DTYPE_COMPLEX128 value
         */
        v1.Dtype = (function() {
            const valuesById = $Object.create(null), values = $Object.create(valuesById);
            values[valuesById[0] = "DTYPE_UNSPECIFIED"] = 0;
            values[valuesById[1] = "DTYPE_BOOL"] = 1;
            values[valuesById[2] = "DTYPE_INT8"] = 2;
            values[valuesById[3] = "DTYPE_INT16"] = 3;
            values[valuesById[4] = "DTYPE_INT32"] = 4;
            values[valuesById[5] = "DTYPE_INT64"] = 5;
            values[valuesById[6] = "DTYPE_UINT8"] = 6;
            values[valuesById[7] = "DTYPE_UINT16"] = 7;
            values[valuesById[8] = "DTYPE_UINT32"] = 8;
            values[valuesById[9] = "DTYPE_UINT64"] = 9;
            values[valuesById[10] = "DTYPE_FLOAT16"] = 10;
            values[valuesById[11] = "DTYPE_FLOAT32"] = 11;
            values[valuesById[12] = "DTYPE_FLOAT64"] = 12;
            values[valuesById[13] = "DTYPE_COMPLEX64"] = 13;
            values[valuesById[14] = "DTYPE_COMPLEX128"] = 14;
            return values;
        })();

        v1.Array = (function() {

            /**
             * Properties of an Array.
             * @typedef {Object} nacre.v1.Array.$Properties
             * @property {Uint8Array|null} [id] Array id
             * @property {string|null} [name] Array name
             * @property {nacre.v1.Dtype|null} [dtype] Array dtype
             * @property {Array.<number>|null} [rowShape] Array rowShape
             * @property {boolean|null} [scalar] Array scalar
             * @property {number|null} [nextRowId] Array nextRowId
             * @property {number|null} [liveRows] Array liveRows
             * @property {Array.<nacre.v1.Partition.$Properties>|null} [partitions] Array partitions
             * @property {Array.<nacre.v1.SegmentRef.$Properties>|null} [segments] Array segments
             * @property {Array.<nacre.v1.RowSet.$Properties>|null} [dropped] Array dropped
             * @property {string|null} [logicalDtype] Array logicalDtype
             * @property {Array.<nacre.v1.Index.$Properties>|null} [indexes] Array indexes
             * @property {Array.<nacre.v1.Attribute.$Properties>|null} [attributes] Array attributes
             * @property {number|null} [nextAttributeId] Array nextAttributeId
             * @property {Array.<nacre.v1.Partition.$Properties>|null} [columns] Array columns
             * @property {Array.<nacre.v1.SegmentRef.$Properties>|null} [columnSegments] Array columnSegments
             * @property {Array.<nacre.v1.AttributeIndex.$Properties>|null} [attributeIndexes] Array attributeIndexes
             * @property {nacre.v1.Key.$Properties|null} [key] Array key
             * @property {nacre.v1.Parity.$Properties|null} [parity] Array parity
             * @property {number|null} [modifiedVersion] Array modifiedVersion
             * @property {number|null} [modifiedMs] Array modifiedMs
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of an Array.
             * @memberof nacre.v1
             * @interface IArray
             * @augments nacre.v1.Array.$Properties
             * @deprecated Use nacre.v1.Array.$Properties instead.
             */

            /**
             * Shape of an Array.
             * @typedef {{
             *   id?: Uint8Array|null;
             *   name?: string|null;
             *   dtype?: nacre.v1.Dtype|null;
             *   rowShape?: Array.<number>|null;
             *   scalar?: boolean|null;
             *   nextRowId?: number|null;
             *   liveRows?: number|null;
             *   partitions?: Array.<nacre.v1.Partition.$Shape>|null;
             *   segments?: Array.<nacre.v1.SegmentRef.$Shape>|null;
             *   dropped?: Array.<nacre.v1.RowSet.$Shape>|null;
             *   logicalDtype?: string|null;
             *   indexes?: Array.<nacre.v1.Index.$Shape>|null;
             *   attributes?: Array.<nacre.v1.Attribute.$Shape>|null;
             *   nextAttributeId?: number|null;
             *   columns?: Array.<nacre.v1.Partition.$Shape>|null;
             *   columnSegments?: Array.<nacre.v1.SegmentRef.$Shape>|null;
             *   attributeIndexes?: Array.<nacre.v1.AttributeIndex.$Shape>|null;
             *   key?: nacre.v1.Key.$Shape|null;
             *   parity?: nacre.v1.Parity.$Shape|null;
             *   modifiedVersion?: number|null;
             *   modifiedMs?: number|null;
             *   $unknowns?: Array.<Uint8Array>;
             * }} nacre.v1.Array.$Shape
             */

            /**
             * Constructs a new Array.
             * @memberof nacre.v1
             * @classdesc Represents an Array.
             * @constructor
             * @param {nacre.v1.Array.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Array = function (properties) {
                this.rowShape = [];
                this.partitions = [];
                this.segments = [];
                this.dropped = [];
                this.indexes = [];
                this.attributes = [];
                this.columns = [];
                this.columnSegments = [];
                this.attributeIndexes = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Array id.
             * @member {Uint8Array} id
             * @memberof nacre.v1.Array
             * @instance
             */
            Array.prototype.id = $util.newBuffer([]);

            /**
             * Array name.
             * @member {string} name
             * @memberof nacre.v1.Array
             * @instance
             */
            Array.prototype.name = "";

            /**
             * Array dtype.
             * @member {nacre.v1.Dtype} dtype
             * @memberof nacre.v1.Array
             * @instance
             */
            Array.prototype.dtype = 0;

            /**
             * Array rowShape.
             * @member {Array.<number>} rowShape
             * @memberof nacre.v1.Array
             * @instance
             */
            Array.prototype.rowShape = $util.emptyArray;

            /**
             * Array scalar.
             * @member {boolean} scalar
             * @memberof nacre.v1.Array
             * @instance
             */
            Array.prototype.scalar = false;

            /**
             * Array nextRowId.
             * @member {number} nextRowId
             * @memberof nacre.v1.Array
             * @instance
             */
            Array.prototype.nextRowId = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Array liveRows.
             * @member {number} liveRows
             * @memberof nacre.v1.Array
             * @instance
             */
            Array.prototype.liveRows = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Array partitions.
             * @member {Array.<nacre.v1.Partition.$Properties>} partitions
             * @memberof nacre.v1.Array
             * @instance
             */
            Array.prototype.partitions = $util.emptyArray;

            /**
             * Array segments.
             * @member {Array.<nacre.v1.SegmentRef.$Properties>} segments
             * @memberof nacre.v1.Array
             * @instance
             */
            Array.prototype.segments = $util.emptyArray;

            /**
             * Array dropped.
             * @member {Array.<nacre.v1.RowSet.$Properties>} dropped
             * @memberof nacre.v1.Array
             * @instance
             */
            Array.prototype.dropped = $util.emptyArray;

            /**
             * Array logicalDtype.
             * @member {string} logicalDtype
             * @memberof nacre.v1.Array
             * @instance
             */
            Array.prototype.logicalDtype = "";

            /**
             * Array indexes.
             * @member {Array.<nacre.v1.Index.$Properties>} indexes
             * @memberof nacre.v1.Array
             * @instance
             */
            Array.prototype.indexes = $util.emptyArray;

            /**
             * Array attributes.
             * @member {Array.<nacre.v1.Attribute.$Properties>} attributes
             * @memberof nacre.v1.Array
             * @instance
             */
            Array.prototype.attributes = $util.emptyArray;

            /**
             * Array nextAttributeId.
             * @member {number} nextAttributeId
             * @memberof nacre.v1.Array
             * @instance
             */
            Array.prototype.nextAttributeId = 0;

            /**
             * Array columns.
             * @member {Array.<nacre.v1.Partition.$Properties>} columns
             * @memberof nacre.v1.Array
             * @instance
             */
            Array.prototype.columns = $util.emptyArray;

            /**
             * Array columnSegments.
             * @member {Array.<nacre.v1.SegmentRef.$Properties>} columnSegments
             * @memberof nacre.v1.Array
             * @instance
             */
            Array.prototype.columnSegments = $util.emptyArray;

            /**
             * Array attributeIndexes.
             * @member {Array.<nacre.v1.AttributeIndex.$Properties>} attributeIndexes
             * @memberof nacre.v1.Array
             * @instance
             */
            Array.prototype.attributeIndexes = $util.emptyArray;

            /**
             * Array key.
             * @member {nacre.v1.Key.$Properties|null|undefined} key
             * @memberof nacre.v1.Array
             * @instance
             */
            Array.prototype.key = null;

            /**
             * Array parity.
             * @member {nacre.v1.Parity.$Properties|null|undefined} parity
             * @memberof nacre.v1.Array
             * @instance
             */
            Array.prototype.parity = null;

            /**
             * Array modifiedVersion.
             * @member {number} modifiedVersion
             * @memberof nacre.v1.Array
             * @instance
             */
            Array.prototype.modifiedVersion = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Array modifiedMs.
             * @member {number} modifiedMs
             * @memberof nacre.v1.Array
             * @instance
             */
            Array.prototype.modifiedMs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Creates a new Array instance using the specified properties.
             * @function create
             * @memberof nacre.v1.Array
             * @static
             * @param {nacre.v1.Array.$Properties=} [properties] Properties to set
             * @returns {nacre.v1.Array} Array instance
             * @type {{
             *   (properties: nacre.v1.Array.$Shape): nacre.v1.Array & nacre.v1.Array.$Shape;
             *   (properties?: nacre.v1.Array.$Properties): nacre.v1.Array;
             * }}
             */
            Array.create = function(properties) {
                return new Array(properties);
            };

            /**
             * Encodes the specified Array message. Does not implicitly {@link nacre.v1.Array.verify|verify} messages.
             * @function encode
             * @memberof nacre.v1.Array
             * @static
             * @param {nacre.v1.Array.$Properties} message Array message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Array.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.id != null && $Object.hasOwnProperty.call(message, "id") && message.id.length)
                    writer.uint32(/* id 1, wireType 2 =*/10).bytes(message.id);
                if (message.name != null && $Object.hasOwnProperty.call(message, "name") && message.name !== "")
                    writer.uint32(/* id 2, wireType 2 =*/18).string(message.name);
                if (message.dtype != null && $Object.hasOwnProperty.call(message, "dtype") && message.dtype !== 0)
                    writer.uint32(/* id 3, wireType 0 =*/24).int32(message.dtype);
                if (message.rowShape != null && message.rowShape.length)
                    writer.uint32(/* id 4, wireType 2 =*/34).uint64s(message.rowShape);
                if (message.scalar != null && $Object.hasOwnProperty.call(message, "scalar") && message.scalar !== false)
                    writer.uint32(/* id 5, wireType 0 =*/40).bool(message.scalar);
                if (message.nextRowId != null && $Object.hasOwnProperty.call(message, "nextRowId") && (typeof message.nextRowId === "object" ? message.nextRowId.low || message.nextRowId.high : message.nextRowId !== 0))
                    writer.uint32(/* id 6, wireType 0 =*/48).uint64(message.nextRowId);
                if (message.liveRows != null && $Object.hasOwnProperty.call(message, "liveRows") && (typeof message.liveRows === "object" ? message.liveRows.low || message.liveRows.high : message.liveRows !== 0))
                    writer.uint32(/* id 7, wireType 0 =*/56).uint64(message.liveRows);
                if (message.partitions != null && message.partitions.length)
                    for (let i = 0; i < message.partitions.length; ++i)
                        $root.nacre.v1.Partition.encode(message.partitions[i], writer.uint32(/* id 8, wireType 2 =*/66).fork(), _depth + 1).ldelim();
                if (message.segments != null && message.segments.length)
                    for (let i = 0; i < message.segments.length; ++i)
                        $root.nacre.v1.SegmentRef.encode(message.segments[i], writer.uint32(/* id 9, wireType 2 =*/74).fork(), _depth + 1).ldelim();
                if (message.dropped != null && message.dropped.length)
                    for (let i = 0; i < message.dropped.length; ++i)
                        $root.nacre.v1.RowSet.encode(message.dropped[i], writer.uint32(/* id 10, wireType 2 =*/82).fork(), _depth + 1).ldelim();
                if (message.logicalDtype != null && $Object.hasOwnProperty.call(message, "logicalDtype") && message.logicalDtype !== "")
                    writer.uint32(/* id 11, wireType 2 =*/90).string(message.logicalDtype);
                if (message.indexes != null && message.indexes.length)
                    for (let i = 0; i < message.indexes.length; ++i)
                        $root.nacre.v1.Index.encode(message.indexes[i], writer.uint32(/* id 12, wireType 2 =*/98).fork(), _depth + 1).ldelim();
                if (message.attributes != null && message.attributes.length)
                    for (let i = 0; i < message.attributes.length; ++i)
                        $root.nacre.v1.Attribute.encode(message.attributes[i], writer.uint32(/* id 13, wireType 2 =*/106).fork(), _depth + 1).ldelim();
                if (message.nextAttributeId != null && $Object.hasOwnProperty.call(message, "nextAttributeId") && message.nextAttributeId !== 0)
                    writer.uint32(/* id 14, wireType 0 =*/112).uint32(message.nextAttributeId);
                if (message.columns != null && message.columns.length)
                    for (let i = 0; i < message.columns.length; ++i)
                        $root.nacre.v1.Partition.encode(message.columns[i], writer.uint32(/* id 15, wireType 2 =*/122).fork(), _depth + 1).ldelim();
                if (message.columnSegments != null && message.columnSegments.length)
                    for (let i = 0; i < message.columnSegments.length; ++i)
                        $root.nacre.v1.SegmentRef.encode(message.columnSegments[i], writer.uint32(/* id 16, wireType 2 =*/130).fork(), _depth + 1).ldelim();
                if (message.attributeIndexes != null && message.attributeIndexes.length)
                    for (let i = 0; i < message.attributeIndexes.length; ++i)
                        $root.nacre.v1.AttributeIndex.encode(message.attributeIndexes[i], writer.uint32(/* id 27, wireType 2 =*/218).fork(), _depth + 1).ldelim();
                if (message.key != null && $Object.hasOwnProperty.call(message, "key"))
                    $root.nacre.v1.Key.encode(message.key, writer.uint32(/* id 36, wireType 2 =*/290).fork(), _depth + 1).ldelim();
                if (message.parity != null && $Object.hasOwnProperty.call(message, "parity"))
                    $root.nacre.v1.Parity.encode(message.parity, writer.uint32(/* id 50, wireType 2 =*/402).fork(), _depth + 1).ldelim();
                if (message.modifiedVersion != null && $Object.hasOwnProperty.call(message, "modifiedVersion") && (typeof message.modifiedVersion === "object" ? message.modifiedVersion.low || message.modifiedVersion.high : message.modifiedVersion !== 0))
                    writer.uint32(/* id 65, wireType 0 =*/520).uint64(message.modifiedVersion);
                if (message.modifiedMs != null && $Object.hasOwnProperty.call(message, "modifiedMs") && (typeof message.modifiedMs === "object" ? message.modifiedMs.low || message.modifiedMs.high : message.modifiedMs !== 0))
                    writer.uint32(/* id 66, wireType 0 =*/528).uint64(message.modifiedMs);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes an Array message from the specified reader or buffer.
             * @function decode
             * @memberof nacre.v1.Array
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {nacre.v1.Array & nacre.v1.Array.$Shape} Array
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Array.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.nacre.v1.Array();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.id = value;
                            else
                                delete message.id;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.name = value;
                            else
                                delete message.name;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.int32())
                                message.dtype = value;
                            else
                                delete message.dtype;
                            continue;
                        }
                    case 4: {
                            if (wireType === 2) {
                                if (!(message.rowShape && message.rowShape.length))
                                    message.rowShape = [];
                                reader.uint64s(message.rowShape);
                                continue;
                            }
                            if (wireType !== 0)
                                break;
                            if (!(message.rowShape && message.rowShape.length))
                                message.rowShape = [];
                            message.rowShape.push(reader.uint64());
                            continue;
                        }
                    case 5: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.bool())
                                message.scalar = value;
                            else
                                delete message.scalar;
                            continue;
                        }
                    case 6: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.nextRowId = value;
                            else
                                delete message.nextRowId;
                            continue;
                        }
                    case 7: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.liveRows = value;
                            else
                                delete message.liveRows;
                            continue;
                        }
                    case 8: {
                            if (wireType !== 2)
                                break;
                            if (!(message.partitions && message.partitions.length))
                                message.partitions = [];
                            message.partitions.push($root.nacre.v1.Partition.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    case 9: {
                            if (wireType !== 2)
                                break;
                            if (!(message.segments && message.segments.length))
                                message.segments = [];
                            message.segments.push($root.nacre.v1.SegmentRef.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    case 10: {
                            if (wireType !== 2)
                                break;
                            if (!(message.dropped && message.dropped.length))
                                message.dropped = [];
                            message.dropped.push($root.nacre.v1.RowSet.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    case 11: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.logicalDtype = value;
                            else
                                delete message.logicalDtype;
                            continue;
                        }
                    case 12: {
                            if (wireType !== 2)
                                break;
                            if (!(message.indexes && message.indexes.length))
                                message.indexes = [];
                            message.indexes.push($root.nacre.v1.Index.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    case 13: {
                            if (wireType !== 2)
                                break;
                            if (!(message.attributes && message.attributes.length))
                                message.attributes = [];
                            message.attributes.push($root.nacre.v1.Attribute.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    case 14: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.nextAttributeId = value;
                            else
                                delete message.nextAttributeId;
                            continue;
                        }
                    case 15: {
                            if (wireType !== 2)
                                break;
                            if (!(message.columns && message.columns.length))
                                message.columns = [];
                            message.columns.push($root.nacre.v1.Partition.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    case 16: {
                            if (wireType !== 2)
                                break;
                            if (!(message.columnSegments && message.columnSegments.length))
                                message.columnSegments = [];
                            message.columnSegments.push($root.nacre.v1.SegmentRef.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    case 27: {
                            if (wireType !== 2)
                                break;
                            if (!(message.attributeIndexes && message.attributeIndexes.length))
                                message.attributeIndexes = [];
                            message.attributeIndexes.push($root.nacre.v1.AttributeIndex.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    case 36: {
                            if (wireType !== 2)
                                break;
                            message.key = $root.nacre.v1.Key.decode(reader, reader.size(), $undefined, _depth + 1, message.key);
                            continue;
                        }
                    case 50: {
                            if (wireType !== 2)
                                break;
                            message.parity = $root.nacre.v1.Parity.decode(reader, reader.size(), $undefined, _depth + 1, message.parity);
                            continue;
                        }
                    case 65: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.modifiedVersion = value;
                            else
                                delete message.modifiedVersion;
                            continue;
                        }
                    case 66: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.modifiedMs = value;
                            else
                                delete message.modifiedMs;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Array;
        })();

        v1.Parity = (function() {

            /**
             * Properties of a Parity.
             * @typedef {Object} nacre.v1.Parity.$Properties
             * @property {number|null} [dataShards] Parity dataShards
             * @property {number|null} [parityShards] Parity parityShards
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Parity.
             * @memberof nacre.v1
             * @interface IParity
             * @augments nacre.v1.Parity.$Properties
             * @deprecated Use nacre.v1.Parity.$Properties instead.
             */

            /**
             * Shape of a Parity.
             * @typedef {nacre.v1.Parity.$Properties} nacre.v1.Parity.$Shape
             */

            /**
             * Constructs a new Parity.
             * @memberof nacre.v1
             * @classdesc Represents a Parity.
             * @constructor
             * @param {nacre.v1.Parity.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Parity = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Parity dataShards.
             * @member {number} dataShards
             * @memberof nacre.v1.Parity
             * @instance
             */
            Parity.prototype.dataShards = 0;

            /**
             * Parity parityShards.
             * @member {number} parityShards
             * @memberof nacre.v1.Parity
             * @instance
             */
            Parity.prototype.parityShards = 0;

            /**
             * Creates a new Parity instance using the specified properties.
             * @function create
             * @memberof nacre.v1.Parity
             * @static
             * @param {nacre.v1.Parity.$Properties=} [properties] Properties to set
             * @returns {nacre.v1.Parity} Parity instance
             * @type {{
             *   (properties: nacre.v1.Parity.$Shape): nacre.v1.Parity & nacre.v1.Parity.$Shape;
             *   (properties?: nacre.v1.Parity.$Properties): nacre.v1.Parity;
             * }}
             */
            Parity.create = function(properties) {
                return new Parity(properties);
            };

            /**
             * Encodes the specified Parity message. Does not implicitly {@link nacre.v1.Parity.verify|verify} messages.
             * @function encode
             * @memberof nacre.v1.Parity
             * @static
             * @param {nacre.v1.Parity.$Properties} message Parity message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Parity.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.dataShards != null && $Object.hasOwnProperty.call(message, "dataShards") && message.dataShards !== 0)
                    writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.dataShards);
                if (message.parityShards != null && $Object.hasOwnProperty.call(message, "parityShards") && message.parityShards !== 0)
                    writer.uint32(/* id 2, wireType 0 =*/16).uint32(message.parityShards);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a Parity message from the specified reader or buffer.
             * @function decode
             * @memberof nacre.v1.Parity
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {nacre.v1.Parity & nacre.v1.Parity.$Shape} Parity
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Parity.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.nacre.v1.Parity();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.dataShards = value;
                            else
                                delete message.dataShards;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.parityShards = value;
                            else
                                delete message.parityShards;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Parity;
        })();

        v1.Key = (function() {

            /**
             * Properties of a Key.
             * @typedef {Object} nacre.v1.Key.$Properties
             * @property {number|null} [attribute] Key attribute
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Key.
             * @memberof nacre.v1
             * @interface IKey
             * @augments nacre.v1.Key.$Properties
             * @deprecated Use nacre.v1.Key.$Properties instead.
             */

            /**
             * Shape of a Key.
             * @typedef {nacre.v1.Key.$Properties} nacre.v1.Key.$Shape
             */

            /**
             * Constructs a new Key.
             * @memberof nacre.v1
             * @classdesc Represents a Key.
             * @constructor
             * @param {nacre.v1.Key.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Key = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Key attribute.
             * @member {number} attribute
             * @memberof nacre.v1.Key
             * @instance
             */
            Key.prototype.attribute = 0;

            /**
             * Creates a new Key instance using the specified properties.
             * @function create
             * @memberof nacre.v1.Key
             * @static
             * @param {nacre.v1.Key.$Properties=} [properties] Properties to set
             * @returns {nacre.v1.Key} Key instance
             * @type {{
             *   (properties: nacre.v1.Key.$Shape): nacre.v1.Key & nacre.v1.Key.$Shape;
             *   (properties?: nacre.v1.Key.$Properties): nacre.v1.Key;
             * }}
             */
            Key.create = function(properties) {
                return new Key(properties);
            };

            /**
             * Encodes the specified Key message. Does not implicitly {@link nacre.v1.Key.verify|verify} messages.
             * @function encode
             * @memberof nacre.v1.Key
             * @static
             * @param {nacre.v1.Key.$Properties} message Key message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Key.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.attribute != null && $Object.hasOwnProperty.call(message, "attribute") && message.attribute !== 0)
                    writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.attribute);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a Key message from the specified reader or buffer.
             * @function decode
             * @memberof nacre.v1.Key
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {nacre.v1.Key & nacre.v1.Key.$Shape} Key
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Key.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.nacre.v1.Key();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.attribute = value;
                            else
                                delete message.attribute;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Key;
        })();

        /**
         * AttributeType enum.
         * @name nacre.v1.AttributeType
         * @enum {number}
         * @property {number} ATTRIBUTE_TYPE_UNSPECIFIED=0 ATTRIBUTE_TYPE_UNSPECIFIED value
         * @property {number} ATTRIBUTE_TYPE_BOOL=1 ATTRIBUTE_TYPE_BOOL value
         * @property {number} ATTRIBUTE_TYPE_INT=2 ATTRIBUTE_TYPE_INT value
         * @property {number} ATTRIBUTE_TYPE_FLOAT=3 ATTRIBUTE_TYPE_FLOAT value
         * @property {number} ATTRIBUTE_TYPE_STRING=4 ATTRIBUTE_TYPE_STRING value
         * @property {number} ATTRIBUTE_TYPE_STRINGS=5 ATTRIBUTE_TYPE_STRINGS value
         * @property {number} ATTRIBUTE_TYPE_TIMESTAMP=6 ATTRIBUTE_TYPE_TIMESTAMP value
         */
        v1.AttributeType = (function() {
            const valuesById = $Object.create(null), values = $Object.create(valuesById);
            values[valuesById[0] = "ATTRIBUTE_TYPE_UNSPECIFIED"] = 0;
            values[valuesById[1] = "ATTRIBUTE_TYPE_BOOL"] = 1;
            values[valuesById[2] = "ATTRIBUTE_TYPE_INT"] = 2;
            values[valuesById[3] = "ATTRIBUTE_TYPE_FLOAT"] = 3;
            values[valuesById[4] = "ATTRIBUTE_TYPE_STRING"] = 4;
            values[valuesById[5] = "ATTRIBUTE_TYPE_STRINGS"] = 5;
            values[valuesById[6] = "ATTRIBUTE_TYPE_TIMESTAMP"] = 6;
            return values;
        })();

        v1.Attribute = (function() {

            /**
             * Properties of an Attribute.
             * @typedef {Object} nacre.v1.Attribute.$Properties
             * @property {number|null} [id] Attribute id
             * @property {string|null} [name] Attribute name
             * @property {nacre.v1.AttributeType|null} [type] Attribute type
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of an Attribute.
             * @memberof nacre.v1
             * @interface IAttribute
             * @augments nacre.v1.Attribute.$Properties
             * @deprecated Use nacre.v1.Attribute.$Properties instead.
             */

            /**
             * Shape of an Attribute.
             * @typedef {nacre.v1.Attribute.$Properties} nacre.v1.Attribute.$Shape
             */

            /**
             * Constructs a new Attribute.
             * @memberof nacre.v1
             * @classdesc Represents an Attribute.
             * @constructor
             * @param {nacre.v1.Attribute.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Attribute = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Attribute id.
             * @member {number} id
             * @memberof nacre.v1.Attribute
             * @instance
             */
            Attribute.prototype.id = 0;

            /**
             * Attribute name.
             * @member {string} name
             * @memberof nacre.v1.Attribute
             * @instance
             */
            Attribute.prototype.name = "";

            /**
             * Attribute type.
             * @member {nacre.v1.AttributeType} type
             * @memberof nacre.v1.Attribute
             * @instance
             */
            Attribute.prototype.type = 0;

            /**
             * Creates a new Attribute instance using the specified properties.
             * @function create
             * @memberof nacre.v1.Attribute
             * @static
             * @param {nacre.v1.Attribute.$Properties=} [properties] Properties to set
             * @returns {nacre.v1.Attribute} Attribute instance
             * @type {{
             *   (properties: nacre.v1.Attribute.$Shape): nacre.v1.Attribute & nacre.v1.Attribute.$Shape;
             *   (properties?: nacre.v1.Attribute.$Properties): nacre.v1.Attribute;
             * }}
             */
            Attribute.create = function(properties) {
                return new Attribute(properties);
            };

            /**
             * Encodes the specified Attribute message. Does not implicitly {@link nacre.v1.Attribute.verify|verify} messages.
             * @function encode
             * @memberof nacre.v1.Attribute
             * @static
             * @param {nacre.v1.Attribute.$Properties} message Attribute message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Attribute.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.id != null && $Object.hasOwnProperty.call(message, "id") && message.id !== 0)
                    writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.id);
                if (message.name != null && $Object.hasOwnProperty.call(message, "name") && message.name !== "")
                    writer.uint32(/* id 2, wireType 2 =*/18).string(message.name);
                if (message.type != null && $Object.hasOwnProperty.call(message, "type") && message.type !== 0)
                    writer.uint32(/* id 3, wireType 0 =*/24).int32(message.type);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes an Attribute message from the specified reader or buffer.
             * @function decode
             * @memberof nacre.v1.Attribute
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {nacre.v1.Attribute & nacre.v1.Attribute.$Shape} Attribute
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Attribute.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.nacre.v1.Attribute();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.id = value;
                            else
                                delete message.id;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.name = value;
                            else
                                delete message.name;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.int32())
                                message.type = value;
                            else
                                delete message.type;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Attribute;
        })();

        /**
         * IndexKind enum.
         * @name nacre.v1.IndexKind
         * @enum {number}
         * @property {number} INDEX_KIND_UNSPECIFIED=0 INDEX_KIND_UNSPECIFIED value
         * @property {number} INDEX_KIND_EXACT=1 INDEX_KIND_EXACT value
         * @property {number} INDEX_KIND_IVF=2 INDEX_KIND_IVF value
         * @property {number} INDEX_KIND_HNSW=3 INDEX_KIND_HNSW value
         */
        v1.IndexKind = (function() {
            const valuesById = $Object.create(null), values = $Object.create(valuesById);
            values[valuesById[0] = "INDEX_KIND_UNSPECIFIED"] = 0;
            values[valuesById[1] = "INDEX_KIND_EXACT"] = 1;
            values[valuesById[2] = "INDEX_KIND_IVF"] = 2;
            values[valuesById[3] = "INDEX_KIND_HNSW"] = 3;
            return values;
        })();

        v1.Index = (function() {

            /**
             * Properties of an Index.
             * @typedef {Object} nacre.v1.Index.$Properties
             * @property {nacre.v1.IndexKind|null} [kind] Index kind
             * @property {number|null} [epoch] Index epoch
             * @property {Array.<nacre.v1.IndexSegment.$Properties>|null} [segments] Index segments
             * @property {string|null} [metric] Index metric
             * @property {Array.<nacre.v1.Calibration.$Properties>|null} [calibrations] Index calibrations
             * @property {number|null} [builtRows] Index builtRows
             * @property {number|null} [links] Index links
             * @property {number|null} [efConstruction] Index efConstruction
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of an Index.
             * @memberof nacre.v1
             * @interface IIndex
             * @augments nacre.v1.Index.$Properties
             * @deprecated Use nacre.v1.Index.$Properties instead.
             */

            /**
             * Shape of an Index.
             * @typedef {nacre.v1.Index.$Properties} nacre.v1.Index.$Shape
             */

            /**
             * Constructs a new Index.
             * @memberof nacre.v1
             * @classdesc Represents an Index.
             * @constructor
             * @param {nacre.v1.Index.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Index = function (properties) {
                this.segments = [];
                this.calibrations = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Index kind.
             * @member {nacre.v1.IndexKind} kind
             * @memberof nacre.v1.Index
             * @instance
             */
            Index.prototype.kind = 0;

            /**
             * Index epoch.
             * @member {number} epoch
             * @memberof nacre.v1.Index
             * @instance
             */
            Index.prototype.epoch = 0;

            /**
             * Index segments.
             * @member {Array.<nacre.v1.IndexSegment.$Properties>} segments
             * @memberof nacre.v1.Index
             * @instance
             */
            Index.prototype.segments = $util.emptyArray;

            /**
             * Index metric.
             * @member {string} metric
             * @memberof nacre.v1.Index
             * @instance
             */
            Index.prototype.metric = "";

            /**
             * Index calibrations.
             * @member {Array.<nacre.v1.Calibration.$Properties>} calibrations
             * @memberof nacre.v1.Index
             * @instance
             */
            Index.prototype.calibrations = $util.emptyArray;

            /**
             * Index builtRows.
             * @member {number} builtRows
             * @memberof nacre.v1.Index
             * @instance
             */
            Index.prototype.builtRows = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Index links.
             * @member {number} links
             * @memberof nacre.v1.Index
             * @instance
             */
            Index.prototype.links = 0;

            /**
             * Index efConstruction.
             * @member {number} efConstruction
             * @memberof nacre.v1.Index
             * @instance
             */
            Index.prototype.efConstruction = 0;

            /**
             * Creates a new Index instance using the specified properties.
             * @function create
             * @memberof nacre.v1.Index
             * @static
             * @param {nacre.v1.Index.$Properties=} [properties] Properties to set
             * @returns {nacre.v1.Index} Index instance
             * @type {{
             *   (properties: nacre.v1.Index.$Shape): nacre.v1.Index & nacre.v1.Index.$Shape;
             *   (properties?: nacre.v1.Index.$Properties): nacre.v1.Index;
             * }}
             */
            Index.create = function(properties) {
                return new Index(properties);
            };

            /**
             * Encodes the specified Index message. Does not implicitly {@link nacre.v1.Index.verify|verify} messages.
             * @function encode
             * @memberof nacre.v1.Index
             * @static
             * @param {nacre.v1.Index.$Properties} message Index message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Index.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.kind != null && $Object.hasOwnProperty.call(message, "kind") && message.kind !== 0)
                    writer.uint32(/* id 1, wireType 0 =*/8).int32(message.kind);
                if (message.epoch != null && $Object.hasOwnProperty.call(message, "epoch") && message.epoch !== 0)
                    writer.uint32(/* id 2, wireType 0 =*/16).uint32(message.epoch);
                if (message.segments != null && message.segments.length)
                    for (let i = 0; i < message.segments.length; ++i)
                        $root.nacre.v1.IndexSegment.encode(message.segments[i], writer.uint32(/* id 3, wireType 2 =*/26).fork(), _depth + 1).ldelim();
                if (message.metric != null && $Object.hasOwnProperty.call(message, "metric") && message.metric !== "")
                    writer.uint32(/* id 4, wireType 2 =*/34).string(message.metric);
                if (message.calibrations != null && message.calibrations.length)
                    for (let i = 0; i < message.calibrations.length; ++i)
                        $root.nacre.v1.Calibration.encode(message.calibrations[i], writer.uint32(/* id 5, wireType 2 =*/42).fork(), _depth + 1).ldelim();
                if (message.builtRows != null && $Object.hasOwnProperty.call(message, "builtRows") && (typeof message.builtRows === "object" ? message.builtRows.low || message.builtRows.high : message.builtRows !== 0))
                    writer.uint32(/* id 6, wireType 0 =*/48).uint64(message.builtRows);
                if (message.links != null && $Object.hasOwnProperty.call(message, "links") && message.links !== 0)
                    writer.uint32(/* id 7, wireType 0 =*/56).uint32(message.links);
                if (message.efConstruction != null && $Object.hasOwnProperty.call(message, "efConstruction") && message.efConstruction !== 0)
                    writer.uint32(/* id 8, wireType 0 =*/64).uint32(message.efConstruction);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes an Index message from the specified reader or buffer.
             * @function decode
             * @memberof nacre.v1.Index
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {nacre.v1.Index & nacre.v1.Index.$Shape} Index
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Index.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.nacre.v1.Index();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.int32())
                                message.kind = value;
                            else
                                delete message.kind;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.epoch = value;
                            else
                                delete message.epoch;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 2)
                                break;
                            if (!(message.segments && message.segments.length))
                                message.segments = [];
                            message.segments.push($root.nacre.v1.IndexSegment.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    case 4: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.metric = value;
                            else
                                delete message.metric;
                            continue;
                        }
                    case 5: {
                            if (wireType !== 2)
                                break;
                            if (!(message.calibrations && message.calibrations.length))
                                message.calibrations = [];
                            message.calibrations.push($root.nacre.v1.Calibration.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    case 6: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.builtRows = value;
                            else
                                delete message.builtRows;
                            continue;
                        }
                    case 7: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.links = value;
                            else
                                delete message.links;
                            continue;
                        }
                    case 8: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.efConstruction = value;
                            else
                                delete message.efConstruction;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Index;
        })();

        v1.Calibration = (function() {

            /**
             * Properties of a Calibration.
             * @typedef {Object} nacre.v1.Calibration.$Properties
             * @property {number|null} [k] Calibration k
             * @property {number|null} [queries] Calibration queries
             * @property {Array.<number>|null} [probes] Calibration probes
             * @property {Array.<number>|null} [recall] Calibration recall
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Calibration.
             * @memberof nacre.v1
             * @interface ICalibration
             * @augments nacre.v1.Calibration.$Properties
             * @deprecated Use nacre.v1.Calibration.$Properties instead.
             */

            /**
             * Shape of a Calibration.
             * @typedef {nacre.v1.Calibration.$Properties} nacre.v1.Calibration.$Shape
             */

            /**
             * Constructs a new Calibration.
             * @memberof nacre.v1
             * @classdesc Represents a Calibration.
             * @constructor
             * @param {nacre.v1.Calibration.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Calibration = function (properties) {
                this.probes = [];
                this.recall = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Calibration k.
             * @member {number} k
             * @memberof nacre.v1.Calibration
             * @instance
             */
            Calibration.prototype.k = 0;

            /**
             * Calibration queries.
             * @member {number} queries
             * @memberof nacre.v1.Calibration
             * @instance
             */
            Calibration.prototype.queries = 0;

            /**
             * Calibration probes.
             * @member {Array.<number>} probes
             * @memberof nacre.v1.Calibration
             * @instance
             */
            Calibration.prototype.probes = $util.emptyArray;

            /**
             * Calibration recall.
             * @member {Array.<number>} recall
             * @memberof nacre.v1.Calibration
             * @instance
             */
            Calibration.prototype.recall = $util.emptyArray;

            /**
             * Creates a new Calibration instance using the specified properties.
             * @function create
             * @memberof nacre.v1.Calibration
             * @static
             * @param {nacre.v1.Calibration.$Properties=} [properties] Properties to set
             * @returns {nacre.v1.Calibration} Calibration instance
             * @type {{
             *   (properties: nacre.v1.Calibration.$Shape): nacre.v1.Calibration & nacre.v1.Calibration.$Shape;
             *   (properties?: nacre.v1.Calibration.$Properties): nacre.v1.Calibration;
             * }}
             */
            Calibration.create = function(properties) {
                return new Calibration(properties);
            };

            /**
             * Encodes the specified Calibration message. Does not implicitly {@link nacre.v1.Calibration.verify|verify} messages.
             * @function encode
             * @memberof nacre.v1.Calibration
             * @static
             * @param {nacre.v1.Calibration.$Properties} message Calibration message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Calibration.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.k != null && $Object.hasOwnProperty.call(message, "k") && message.k !== 0)
                    writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.k);
                if (message.queries != null && $Object.hasOwnProperty.call(message, "queries") && message.queries !== 0)
                    writer.uint32(/* id 2, wireType 0 =*/16).uint32(message.queries);
                if (message.probes != null && message.probes.length)
                    writer.uint32(/* id 3, wireType 2 =*/26).uint32s(message.probes);
                if (message.recall != null && message.recall.length)
                    writer.uint32(/* id 4, wireType 2 =*/34).floats(message.recall);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a Calibration message from the specified reader or buffer.
             * @function decode
             * @memberof nacre.v1.Calibration
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {nacre.v1.Calibration & nacre.v1.Calibration.$Shape} Calibration
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Calibration.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.nacre.v1.Calibration();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.k = value;
                            else
                                delete message.k;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.queries = value;
                            else
                                delete message.queries;
                            continue;
                        }
                    case 3: {
                            if (wireType === 2) {
                                if (!(message.probes && message.probes.length))
                                    message.probes = [];
                                reader.uint32s(message.probes);
                                continue;
                            }
                            if (wireType !== 0)
                                break;
                            if (!(message.probes && message.probes.length))
                                message.probes = [];
                            message.probes.push(reader.uint32());
                            continue;
                        }
                    case 4: {
                            if (wireType === 2) {
                                if (!(message.recall && message.recall.length))
                                    message.recall = [];
                                reader.floats(message.recall);
                                continue;
                            }
                            if (wireType !== 5)
                                break;
                            if (!(message.recall && message.recall.length))
                                message.recall = [];
                            message.recall.push(reader.float());
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Calibration;
        })();

        v1.IndexSegment = (function() {

            /**
             * Properties of an IndexSegment.
             * @typedef {Object} nacre.v1.IndexSegment.$Properties
             * @property {number|null} [object] IndexSegment object
             * @property {number|null} [firstRowId] IndexSegment firstRowId
             * @property {number|null} [rows] IndexSegment rows
             * @property {number|null} [leastNorm] IndexSegment leastNorm
             * @property {number|null} [mostNorm] IndexSegment mostNorm
             * @property {nacre.v1.IndexBits.$Properties|null} [bits] IndexSegment bits
             * @property {number|null} [headBytes] IndexSegment headBytes
             * @property {number|null} [headCrc] IndexSegment headCrc
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of an IndexSegment.
             * @memberof nacre.v1
             * @interface IIndexSegment
             * @augments nacre.v1.IndexSegment.$Properties
             * @deprecated Use nacre.v1.IndexSegment.$Properties instead.
             */

            /**
             * Shape of an IndexSegment.
             * @typedef {nacre.v1.IndexSegment.$Properties} nacre.v1.IndexSegment.$Shape
             */

            /**
             * Constructs a new IndexSegment.
             * @memberof nacre.v1
             * @classdesc Represents an IndexSegment.
             * @constructor
             * @param {nacre.v1.IndexSegment.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const IndexSegment = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * IndexSegment object.
             * @member {number} object
             * @memberof nacre.v1.IndexSegment
             * @instance
             */
            IndexSegment.prototype.object = 0;

            /**
             * IndexSegment firstRowId.
             * @member {number} firstRowId
             * @memberof nacre.v1.IndexSegment
             * @instance
             */
            IndexSegment.prototype.firstRowId = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * IndexSegment rows.
             * @member {number} rows
             * @memberof nacre.v1.IndexSegment
             * @instance
             */
            IndexSegment.prototype.rows = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * IndexSegment leastNorm.
             * @member {number} leastNorm
             * @memberof nacre.v1.IndexSegment
             * @instance
             */
            IndexSegment.prototype.leastNorm = 0;

            /**
             * IndexSegment mostNorm.
             * @member {number} mostNorm
             * @memberof nacre.v1.IndexSegment
             * @instance
             */
            IndexSegment.prototype.mostNorm = 0;

            /**
             * IndexSegment bits.
             * @member {nacre.v1.IndexBits.$Properties|null|undefined} bits
             * @memberof nacre.v1.IndexSegment
             * @instance
             */
            IndexSegment.prototype.bits = null;

            /**
             * IndexSegment headBytes.
             * @member {number} headBytes
             * @memberof nacre.v1.IndexSegment
             * @instance
             */
            IndexSegment.prototype.headBytes = 0;

            /**
             * IndexSegment headCrc.
             * @member {number} headCrc
             * @memberof nacre.v1.IndexSegment
             * @instance
             */
            IndexSegment.prototype.headCrc = 0;

            /**
             * Creates a new IndexSegment instance using the specified properties.
             * @function create
             * @memberof nacre.v1.IndexSegment
             * @static
             * @param {nacre.v1.IndexSegment.$Properties=} [properties] Properties to set
             * @returns {nacre.v1.IndexSegment} IndexSegment instance
             * @type {{
             *   (properties: nacre.v1.IndexSegment.$Shape): nacre.v1.IndexSegment & nacre.v1.IndexSegment.$Shape;
             *   (properties?: nacre.v1.IndexSegment.$Properties): nacre.v1.IndexSegment;
             * }}
             */
            IndexSegment.create = function(properties) {
                return new IndexSegment(properties);
            };

            /**
             * Encodes the specified IndexSegment message. Does not implicitly {@link nacre.v1.IndexSegment.verify|verify} messages.
             * @function encode
             * @memberof nacre.v1.IndexSegment
             * @static
             * @param {nacre.v1.IndexSegment.$Properties} message IndexSegment message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            IndexSegment.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.object != null && $Object.hasOwnProperty.call(message, "object") && message.object !== 0)
                    writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.object);
                if (message.firstRowId != null && $Object.hasOwnProperty.call(message, "firstRowId") && (typeof message.firstRowId === "object" ? message.firstRowId.low || message.firstRowId.high : message.firstRowId !== 0))
                    writer.uint32(/* id 2, wireType 0 =*/16).uint64(message.firstRowId);
                if (message.rows != null && $Object.hasOwnProperty.call(message, "rows") && (typeof message.rows === "object" ? message.rows.low || message.rows.high : message.rows !== 0))
                    writer.uint32(/* id 3, wireType 0 =*/24).uint64(message.rows);
                if (message.leastNorm != null && $Object.hasOwnProperty.call(message, "leastNorm") && !$Object.is(message.leastNorm, 0))
                    writer.uint32(/* id 4, wireType 5 =*/37).float(message.leastNorm);
                if (message.mostNorm != null && $Object.hasOwnProperty.call(message, "mostNorm") && !$Object.is(message.mostNorm, 0))
                    writer.uint32(/* id 5, wireType 5 =*/45).float(message.mostNorm);
                if (message.bits != null && $Object.hasOwnProperty.call(message, "bits"))
                    $root.nacre.v1.IndexBits.encode(message.bits, writer.uint32(/* id 6, wireType 2 =*/50).fork(), _depth + 1).ldelim();
                if (message.headBytes != null && $Object.hasOwnProperty.call(message, "headBytes") && message.headBytes !== 0)
                    writer.uint32(/* id 7, wireType 0 =*/56).uint32(message.headBytes);
                if (message.headCrc != null && $Object.hasOwnProperty.call(message, "headCrc") && message.headCrc !== 0)
                    writer.uint32(/* id 8, wireType 5 =*/69).fixed32(message.headCrc);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes an IndexSegment message from the specified reader or buffer.
             * @function decode
             * @memberof nacre.v1.IndexSegment
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {nacre.v1.IndexSegment & nacre.v1.IndexSegment.$Shape} IndexSegment
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            IndexSegment.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.nacre.v1.IndexSegment();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.object = value;
                            else
                                delete message.object;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.firstRowId = value;
                            else
                                delete message.firstRowId;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.rows = value;
                            else
                                delete message.rows;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 5)
                                break;
                            if (!$Object.is(value = reader.float(), 0))
                                message.leastNorm = value;
                            else
                                delete message.leastNorm;
                            continue;
                        }
                    case 5: {
                            if (wireType !== 5)
                                break;
                            if (!$Object.is(value = reader.float(), 0))
                                message.mostNorm = value;
                            else
                                delete message.mostNorm;
                            continue;
                        }
                    case 6: {
                            if (wireType !== 2)
                                break;
                            message.bits = $root.nacre.v1.IndexBits.decode(reader, reader.size(), $undefined, _depth + 1, message.bits);
                            continue;
                        }
                    case 7: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.headBytes = value;
                            else
                                delete message.headBytes;
                            continue;
                        }
                    case 8: {
                            if (wireType !== 5)
                                break;
                            if (value = reader.fixed32())
                                message.headCrc = value;
                            else
                                delete message.headCrc;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return IndexSegment;
        })();

        v1.IndexBits = (function() {

            /**
             * Properties of an IndexBits.
             * @typedef {Object} nacre.v1.IndexBits.$Properties
             * @property {number|null} [object] IndexBits object
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of an IndexBits.
             * @memberof nacre.v1
             * @interface IIndexBits
             * @augments nacre.v1.IndexBits.$Properties
             * @deprecated Use nacre.v1.IndexBits.$Properties instead.
             */

            /**
             * Shape of an IndexBits.
             * @typedef {nacre.v1.IndexBits.$Properties} nacre.v1.IndexBits.$Shape
             */

            /**
             * Constructs a new IndexBits.
             * @memberof nacre.v1
             * @classdesc Represents an IndexBits.
             * @constructor
             * @param {nacre.v1.IndexBits.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const IndexBits = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * IndexBits object.
             * @member {number} object
             * @memberof nacre.v1.IndexBits
             * @instance
             */
            IndexBits.prototype.object = 0;

            /**
             * Creates a new IndexBits instance using the specified properties.
             * @function create
             * @memberof nacre.v1.IndexBits
             * @static
             * @param {nacre.v1.IndexBits.$Properties=} [properties] Properties to set
             * @returns {nacre.v1.IndexBits} IndexBits instance
             * @type {{
             *   (properties: nacre.v1.IndexBits.$Shape): nacre.v1.IndexBits & nacre.v1.IndexBits.$Shape;
             *   (properties?: nacre.v1.IndexBits.$Properties): nacre.v1.IndexBits;
             * }}
             */
            IndexBits.create = function(properties) {
                return new IndexBits(properties);
            };

            /**
             * Encodes the specified IndexBits message. Does not implicitly {@link nacre.v1.IndexBits.verify|verify} messages.
             * @function encode
             * @memberof nacre.v1.IndexBits
             * @static
             * @param {nacre.v1.IndexBits.$Properties} message IndexBits message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            IndexBits.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.object != null && $Object.hasOwnProperty.call(message, "object") && message.object !== 0)
                    writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.object);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes an IndexBits message from the specified reader or buffer.
             * @function decode
             * @memberof nacre.v1.IndexBits
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {nacre.v1.IndexBits & nacre.v1.IndexBits.$Shape} IndexBits
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            IndexBits.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.nacre.v1.IndexBits();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.object = value;
                            else
                                delete message.object;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return IndexBits;
        })();

        v1.Epoch = (function() {

            /**
             * Properties of an Epoch.
             * @typedef {Object} nacre.v1.Epoch.$Properties
             * @property {Array.<number>|null} [requiredFeatures] Epoch requiredFeatures
             * @property {number|null} [dimensions] Epoch dimensions
             * @property {number|null} [coordinates] Epoch coordinates
             * @property {number|null} [seed] Epoch seed
             * @property {Uint8Array|null} [mean] Epoch mean
             * @property {Uint8Array|null} [basis] Epoch basis
             * @property {number|null} [trainingRows] Epoch trainingRows
             * @property {Uint8Array|null} [centroidScales] Epoch centroidScales
             * @property {Uint8Array|null} [centroidSteps] Epoch centroidSteps
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of an Epoch.
             * @memberof nacre.v1
             * @interface IEpoch
             * @augments nacre.v1.Epoch.$Properties
             * @deprecated Use nacre.v1.Epoch.$Properties instead.
             */

            /**
             * Shape of an Epoch.
             * @typedef {nacre.v1.Epoch.$Properties} nacre.v1.Epoch.$Shape
             */

            /**
             * Constructs a new Epoch.
             * @memberof nacre.v1
             * @classdesc Represents an Epoch.
             * @constructor
             * @param {nacre.v1.Epoch.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Epoch = function (properties) {
                this.requiredFeatures = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Epoch requiredFeatures.
             * @member {Array.<number>} requiredFeatures
             * @memberof nacre.v1.Epoch
             * @instance
             */
            Epoch.prototype.requiredFeatures = $util.emptyArray;

            /**
             * Epoch dimensions.
             * @member {number} dimensions
             * @memberof nacre.v1.Epoch
             * @instance
             */
            Epoch.prototype.dimensions = 0;

            /**
             * Epoch coordinates.
             * @member {number} coordinates
             * @memberof nacre.v1.Epoch
             * @instance
             */
            Epoch.prototype.coordinates = 0;

            /**
             * Epoch seed.
             * @member {number} seed
             * @memberof nacre.v1.Epoch
             * @instance
             */
            Epoch.prototype.seed = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Epoch mean.
             * @member {Uint8Array} mean
             * @memberof nacre.v1.Epoch
             * @instance
             */
            Epoch.prototype.mean = $util.newBuffer([]);

            /**
             * Epoch basis.
             * @member {Uint8Array} basis
             * @memberof nacre.v1.Epoch
             * @instance
             */
            Epoch.prototype.basis = $util.newBuffer([]);

            /**
             * Epoch trainingRows.
             * @member {number} trainingRows
             * @memberof nacre.v1.Epoch
             * @instance
             */
            Epoch.prototype.trainingRows = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Epoch centroidScales.
             * @member {Uint8Array} centroidScales
             * @memberof nacre.v1.Epoch
             * @instance
             */
            Epoch.prototype.centroidScales = $util.newBuffer([]);

            /**
             * Epoch centroidSteps.
             * @member {Uint8Array} centroidSteps
             * @memberof nacre.v1.Epoch
             * @instance
             */
            Epoch.prototype.centroidSteps = $util.newBuffer([]);

            /**
             * Creates a new Epoch instance using the specified properties.
             * @function create
             * @memberof nacre.v1.Epoch
             * @static
             * @param {nacre.v1.Epoch.$Properties=} [properties] Properties to set
             * @returns {nacre.v1.Epoch} Epoch instance
             * @type {{
             *   (properties: nacre.v1.Epoch.$Shape): nacre.v1.Epoch & nacre.v1.Epoch.$Shape;
             *   (properties?: nacre.v1.Epoch.$Properties): nacre.v1.Epoch;
             * }}
             */
            Epoch.create = function(properties) {
                return new Epoch(properties);
            };

            /**
             * Encodes the specified Epoch message. Does not implicitly {@link nacre.v1.Epoch.verify|verify} messages.
             * @function encode
             * @memberof nacre.v1.Epoch
             * @static
             * @param {nacre.v1.Epoch.$Properties} message Epoch message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Epoch.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.requiredFeatures != null && message.requiredFeatures.length)
                    writer.uint32(/* id 1, wireType 2 =*/10).uint32s(message.requiredFeatures);
                if (message.dimensions != null && $Object.hasOwnProperty.call(message, "dimensions") && message.dimensions !== 0)
                    writer.uint32(/* id 2, wireType 0 =*/16).uint32(message.dimensions);
                if (message.coordinates != null && $Object.hasOwnProperty.call(message, "coordinates") && message.coordinates !== 0)
                    writer.uint32(/* id 3, wireType 0 =*/24).uint32(message.coordinates);
                if (message.seed != null && $Object.hasOwnProperty.call(message, "seed") && (typeof message.seed === "object" ? message.seed.low || message.seed.high : message.seed !== 0))
                    writer.uint32(/* id 4, wireType 0 =*/32).uint64(message.seed);
                if (message.mean != null && $Object.hasOwnProperty.call(message, "mean") && message.mean.length)
                    writer.uint32(/* id 5, wireType 2 =*/42).bytes(message.mean);
                if (message.basis != null && $Object.hasOwnProperty.call(message, "basis") && message.basis.length)
                    writer.uint32(/* id 6, wireType 2 =*/50).bytes(message.basis);
                if (message.trainingRows != null && $Object.hasOwnProperty.call(message, "trainingRows") && (typeof message.trainingRows === "object" ? message.trainingRows.low || message.trainingRows.high : message.trainingRows !== 0))
                    writer.uint32(/* id 7, wireType 0 =*/56).uint64(message.trainingRows);
                if (message.centroidScales != null && $Object.hasOwnProperty.call(message, "centroidScales") && message.centroidScales.length)
                    writer.uint32(/* id 8, wireType 2 =*/66).bytes(message.centroidScales);
                if (message.centroidSteps != null && $Object.hasOwnProperty.call(message, "centroidSteps") && message.centroidSteps.length)
                    writer.uint32(/* id 9, wireType 2 =*/74).bytes(message.centroidSteps);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes an Epoch message from the specified reader or buffer.
             * @function decode
             * @memberof nacre.v1.Epoch
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {nacre.v1.Epoch & nacre.v1.Epoch.$Shape} Epoch
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Epoch.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.nacre.v1.Epoch();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType === 2) {
                                if (!(message.requiredFeatures && message.requiredFeatures.length))
                                    message.requiredFeatures = [];
                                reader.uint32s(message.requiredFeatures);
                                continue;
                            }
                            if (wireType !== 0)
                                break;
                            if (!(message.requiredFeatures && message.requiredFeatures.length))
                                message.requiredFeatures = [];
                            message.requiredFeatures.push(reader.uint32());
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.dimensions = value;
                            else
                                delete message.dimensions;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.coordinates = value;
                            else
                                delete message.coordinates;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.seed = value;
                            else
                                delete message.seed;
                            continue;
                        }
                    case 5: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.mean = value;
                            else
                                delete message.mean;
                            continue;
                        }
                    case 6: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.basis = value;
                            else
                                delete message.basis;
                            continue;
                        }
                    case 7: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.trainingRows = value;
                            else
                                delete message.trainingRows;
                            continue;
                        }
                    case 8: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.centroidScales = value;
                            else
                                delete message.centroidScales;
                            continue;
                        }
                    case 9: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.centroidSteps = value;
                            else
                                delete message.centroidSteps;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Epoch;
        })();

        v1.AttributeIndex = (function() {

            /**
             * Properties of an AttributeIndex.
             * @typedef {Object} nacre.v1.AttributeIndex.$Properties
             * @property {number|null} [attribute] AttributeIndex attribute
             * @property {Array.<nacre.v1.AttributeIndexSegment.$Properties>|null} [segments] AttributeIndex segments
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of an AttributeIndex.
             * @memberof nacre.v1
             * @interface IAttributeIndex
             * @augments nacre.v1.AttributeIndex.$Properties
             * @deprecated Use nacre.v1.AttributeIndex.$Properties instead.
             */

            /**
             * Shape of an AttributeIndex.
             * @typedef {nacre.v1.AttributeIndex.$Properties} nacre.v1.AttributeIndex.$Shape
             */

            /**
             * Constructs a new AttributeIndex.
             * @memberof nacre.v1
             * @classdesc Represents an AttributeIndex.
             * @constructor
             * @param {nacre.v1.AttributeIndex.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const AttributeIndex = function (properties) {
                this.segments = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * AttributeIndex attribute.
             * @member {number} attribute
             * @memberof nacre.v1.AttributeIndex
             * @instance
             */
            AttributeIndex.prototype.attribute = 0;

            /**
             * AttributeIndex segments.
             * @member {Array.<nacre.v1.AttributeIndexSegment.$Properties>} segments
             * @memberof nacre.v1.AttributeIndex
             * @instance
             */
            AttributeIndex.prototype.segments = $util.emptyArray;

            /**
             * Creates a new AttributeIndex instance using the specified properties.
             * @function create
             * @memberof nacre.v1.AttributeIndex
             * @static
             * @param {nacre.v1.AttributeIndex.$Properties=} [properties] Properties to set
             * @returns {nacre.v1.AttributeIndex} AttributeIndex instance
             * @type {{
             *   (properties: nacre.v1.AttributeIndex.$Shape): nacre.v1.AttributeIndex & nacre.v1.AttributeIndex.$Shape;
             *   (properties?: nacre.v1.AttributeIndex.$Properties): nacre.v1.AttributeIndex;
             * }}
             */
            AttributeIndex.create = function(properties) {
                return new AttributeIndex(properties);
            };

            /**
             * Encodes the specified AttributeIndex message. Does not implicitly {@link nacre.v1.AttributeIndex.verify|verify} messages.
             * @function encode
             * @memberof nacre.v1.AttributeIndex
             * @static
             * @param {nacre.v1.AttributeIndex.$Properties} message AttributeIndex message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            AttributeIndex.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.attribute != null && $Object.hasOwnProperty.call(message, "attribute") && message.attribute !== 0)
                    writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.attribute);
                if (message.segments != null && message.segments.length)
                    for (let i = 0; i < message.segments.length; ++i)
                        $root.nacre.v1.AttributeIndexSegment.encode(message.segments[i], writer.uint32(/* id 2, wireType 2 =*/18).fork(), _depth + 1).ldelim();
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes an AttributeIndex message from the specified reader or buffer.
             * @function decode
             * @memberof nacre.v1.AttributeIndex
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {nacre.v1.AttributeIndex & nacre.v1.AttributeIndex.$Shape} AttributeIndex
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            AttributeIndex.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.nacre.v1.AttributeIndex();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.attribute = value;
                            else
                                delete message.attribute;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if (!(message.segments && message.segments.length))
                                message.segments = [];
                            message.segments.push($root.nacre.v1.AttributeIndexSegment.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return AttributeIndex;
        })();

        v1.AttributeIndexSegment = (function() {

            /**
             * Properties of an AttributeIndexSegment.
             * @typedef {Object} nacre.v1.AttributeIndexSegment.$Properties
             * @property {number|null} [object] AttributeIndexSegment object
             * @property {number|null} [firstRowId] AttributeIndexSegment firstRowId
             * @property {number|null} [rows] AttributeIndexSegment rows
             * @property {number|null} [directoryBytes] AttributeIndexSegment directoryBytes
             * @property {nacre.v1.AttributeIndexKind|null} [kind] AttributeIndexSegment kind
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of an AttributeIndexSegment.
             * @memberof nacre.v1
             * @interface IAttributeIndexSegment
             * @augments nacre.v1.AttributeIndexSegment.$Properties
             * @deprecated Use nacre.v1.AttributeIndexSegment.$Properties instead.
             */

            /**
             * Shape of an AttributeIndexSegment.
             * @typedef {nacre.v1.AttributeIndexSegment.$Properties} nacre.v1.AttributeIndexSegment.$Shape
             */

            /**
             * Constructs a new AttributeIndexSegment.
             * @memberof nacre.v1
             * @classdesc Represents an AttributeIndexSegment.
             * @constructor
             * @param {nacre.v1.AttributeIndexSegment.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const AttributeIndexSegment = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * AttributeIndexSegment object.
             * @member {number} object
             * @memberof nacre.v1.AttributeIndexSegment
             * @instance
             */
            AttributeIndexSegment.prototype.object = 0;

            /**
             * AttributeIndexSegment firstRowId.
             * @member {number} firstRowId
             * @memberof nacre.v1.AttributeIndexSegment
             * @instance
             */
            AttributeIndexSegment.prototype.firstRowId = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * AttributeIndexSegment rows.
             * @member {number} rows
             * @memberof nacre.v1.AttributeIndexSegment
             * @instance
             */
            AttributeIndexSegment.prototype.rows = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * AttributeIndexSegment directoryBytes.
             * @member {number} directoryBytes
             * @memberof nacre.v1.AttributeIndexSegment
             * @instance
             */
            AttributeIndexSegment.prototype.directoryBytes = 0;

            /**
             * AttributeIndexSegment kind.
             * @member {nacre.v1.AttributeIndexKind} kind
             * @memberof nacre.v1.AttributeIndexSegment
             * @instance
             */
            AttributeIndexSegment.prototype.kind = 0;

            /**
             * Creates a new AttributeIndexSegment instance using the specified properties.
             * @function create
             * @memberof nacre.v1.AttributeIndexSegment
             * @static
             * @param {nacre.v1.AttributeIndexSegment.$Properties=} [properties] Properties to set
             * @returns {nacre.v1.AttributeIndexSegment} AttributeIndexSegment instance
             * @type {{
             *   (properties: nacre.v1.AttributeIndexSegment.$Shape): nacre.v1.AttributeIndexSegment & nacre.v1.AttributeIndexSegment.$Shape;
             *   (properties?: nacre.v1.AttributeIndexSegment.$Properties): nacre.v1.AttributeIndexSegment;
             * }}
             */
            AttributeIndexSegment.create = function(properties) {
                return new AttributeIndexSegment(properties);
            };

            /**
             * Encodes the specified AttributeIndexSegment message. Does not implicitly {@link nacre.v1.AttributeIndexSegment.verify|verify} messages.
             * @function encode
             * @memberof nacre.v1.AttributeIndexSegment
             * @static
             * @param {nacre.v1.AttributeIndexSegment.$Properties} message AttributeIndexSegment message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            AttributeIndexSegment.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.object != null && $Object.hasOwnProperty.call(message, "object") && message.object !== 0)
                    writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.object);
                if (message.firstRowId != null && $Object.hasOwnProperty.call(message, "firstRowId") && (typeof message.firstRowId === "object" ? message.firstRowId.low || message.firstRowId.high : message.firstRowId !== 0))
                    writer.uint32(/* id 2, wireType 0 =*/16).uint64(message.firstRowId);
                if (message.rows != null && $Object.hasOwnProperty.call(message, "rows") && (typeof message.rows === "object" ? message.rows.low || message.rows.high : message.rows !== 0))
                    writer.uint32(/* id 3, wireType 0 =*/24).uint64(message.rows);
                if (message.directoryBytes != null && $Object.hasOwnProperty.call(message, "directoryBytes") && message.directoryBytes !== 0)
                    writer.uint32(/* id 4, wireType 0 =*/32).uint32(message.directoryBytes);
                if (message.kind != null && $Object.hasOwnProperty.call(message, "kind") && message.kind !== 0)
                    writer.uint32(/* id 5, wireType 0 =*/40).int32(message.kind);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes an AttributeIndexSegment message from the specified reader or buffer.
             * @function decode
             * @memberof nacre.v1.AttributeIndexSegment
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {nacre.v1.AttributeIndexSegment & nacre.v1.AttributeIndexSegment.$Shape} AttributeIndexSegment
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            AttributeIndexSegment.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.nacre.v1.AttributeIndexSegment();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.object = value;
                            else
                                delete message.object;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.firstRowId = value;
                            else
                                delete message.firstRowId;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.rows = value;
                            else
                                delete message.rows;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.directoryBytes = value;
                            else
                                delete message.directoryBytes;
                            continue;
                        }
                    case 5: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.int32())
                                message.kind = value;
                            else
                                delete message.kind;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return AttributeIndexSegment;
        })();

        /**
         * AttributeIndexKind enum.
         * @name nacre.v1.AttributeIndexKind
         * @enum {number}
         * @property {number} ATTRIBUTE_INDEX_KIND_BITMAPS=0 ATTRIBUTE_INDEX_KIND_BITMAPS value
         * @property {number} ATTRIBUTE_INDEX_KIND_SORTED=1 ATTRIBUTE_INDEX_KIND_SORTED value
         */
        v1.AttributeIndexKind = (function() {
            const valuesById = $Object.create(null), values = $Object.create(valuesById);
            values[valuesById[0] = "ATTRIBUTE_INDEX_KIND_BITMAPS"] = 0;
            values[valuesById[1] = "ATTRIBUTE_INDEX_KIND_SORTED"] = 1;
            return values;
        })();

        v1.AttributeDirectory = (function() {

            /**
             * Properties of an AttributeDirectory.
             * @typedef {Object} nacre.v1.AttributeDirectory.$Properties
             * @property {Array.<number>|null} [requiredFeatures] AttributeDirectory requiredFeatures
             * @property {nacre.v1.AttributeType|null} [type] AttributeDirectory type
             * @property {number|null} [rows] AttributeDirectory rows
             * @property {nacre.v1.ValueSet.$Properties|null} [nulls] AttributeDirectory nulls
             * @property {Array.<nacre.v1.ValueSet.$Properties>|null} [values] AttributeDirectory values
             * @property {nacre.v1.SortedBlocks.$Properties|null} [blocks] AttributeDirectory blocks
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of an AttributeDirectory.
             * @memberof nacre.v1
             * @interface IAttributeDirectory
             * @augments nacre.v1.AttributeDirectory.$Properties
             * @deprecated Use nacre.v1.AttributeDirectory.$Properties instead.
             */

            /**
             * Shape of an AttributeDirectory.
             * @typedef {nacre.v1.AttributeDirectory.$Properties} nacre.v1.AttributeDirectory.$Shape
             */

            /**
             * Constructs a new AttributeDirectory.
             * @memberof nacre.v1
             * @classdesc Represents an AttributeDirectory.
             * @constructor
             * @param {nacre.v1.AttributeDirectory.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const AttributeDirectory = function (properties) {
                this.requiredFeatures = [];
                this.values = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * AttributeDirectory requiredFeatures.
             * @member {Array.<number>} requiredFeatures
             * @memberof nacre.v1.AttributeDirectory
             * @instance
             */
            AttributeDirectory.prototype.requiredFeatures = $util.emptyArray;

            /**
             * AttributeDirectory type.
             * @member {nacre.v1.AttributeType} type
             * @memberof nacre.v1.AttributeDirectory
             * @instance
             */
            AttributeDirectory.prototype.type = 0;

            /**
             * AttributeDirectory rows.
             * @member {number} rows
             * @memberof nacre.v1.AttributeDirectory
             * @instance
             */
            AttributeDirectory.prototype.rows = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * AttributeDirectory nulls.
             * @member {nacre.v1.ValueSet.$Properties|null|undefined} nulls
             * @memberof nacre.v1.AttributeDirectory
             * @instance
             */
            AttributeDirectory.prototype.nulls = null;

            /**
             * AttributeDirectory values.
             * @member {Array.<nacre.v1.ValueSet.$Properties>} values
             * @memberof nacre.v1.AttributeDirectory
             * @instance
             */
            AttributeDirectory.prototype.values = $util.emptyArray;

            /**
             * AttributeDirectory blocks.
             * @member {nacre.v1.SortedBlocks.$Properties|null|undefined} blocks
             * @memberof nacre.v1.AttributeDirectory
             * @instance
             */
            AttributeDirectory.prototype.blocks = null;

            /**
             * Creates a new AttributeDirectory instance using the specified properties.
             * @function create
             * @memberof nacre.v1.AttributeDirectory
             * @static
             * @param {nacre.v1.AttributeDirectory.$Properties=} [properties] Properties to set
             * @returns {nacre.v1.AttributeDirectory} AttributeDirectory instance
             * @type {{
             *   (properties: nacre.v1.AttributeDirectory.$Shape): nacre.v1.AttributeDirectory & nacre.v1.AttributeDirectory.$Shape;
             *   (properties?: nacre.v1.AttributeDirectory.$Properties): nacre.v1.AttributeDirectory;
             * }}
             */
            AttributeDirectory.create = function(properties) {
                return new AttributeDirectory(properties);
            };

            /**
             * Encodes the specified AttributeDirectory message. Does not implicitly {@link nacre.v1.AttributeDirectory.verify|verify} messages.
             * @function encode
             * @memberof nacre.v1.AttributeDirectory
             * @static
             * @param {nacre.v1.AttributeDirectory.$Properties} message AttributeDirectory message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            AttributeDirectory.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.requiredFeatures != null && message.requiredFeatures.length)
                    writer.uint32(/* id 1, wireType 2 =*/10).uint32s(message.requiredFeatures);
                if (message.type != null && $Object.hasOwnProperty.call(message, "type") && message.type !== 0)
                    writer.uint32(/* id 2, wireType 0 =*/16).int32(message.type);
                if (message.rows != null && $Object.hasOwnProperty.call(message, "rows") && (typeof message.rows === "object" ? message.rows.low || message.rows.high : message.rows !== 0))
                    writer.uint32(/* id 3, wireType 0 =*/24).uint64(message.rows);
                if (message.nulls != null && $Object.hasOwnProperty.call(message, "nulls"))
                    $root.nacre.v1.ValueSet.encode(message.nulls, writer.uint32(/* id 4, wireType 2 =*/34).fork(), _depth + 1).ldelim();
                if (message.values != null && message.values.length)
                    for (let i = 0; i < message.values.length; ++i)
                        $root.nacre.v1.ValueSet.encode(message.values[i], writer.uint32(/* id 5, wireType 2 =*/42).fork(), _depth + 1).ldelim();
                if (message.blocks != null && $Object.hasOwnProperty.call(message, "blocks"))
                    $root.nacre.v1.SortedBlocks.encode(message.blocks, writer.uint32(/* id 6, wireType 2 =*/50).fork(), _depth + 1).ldelim();
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes an AttributeDirectory message from the specified reader or buffer.
             * @function decode
             * @memberof nacre.v1.AttributeDirectory
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {nacre.v1.AttributeDirectory & nacre.v1.AttributeDirectory.$Shape} AttributeDirectory
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            AttributeDirectory.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.nacre.v1.AttributeDirectory();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType === 2) {
                                if (!(message.requiredFeatures && message.requiredFeatures.length))
                                    message.requiredFeatures = [];
                                reader.uint32s(message.requiredFeatures);
                                continue;
                            }
                            if (wireType !== 0)
                                break;
                            if (!(message.requiredFeatures && message.requiredFeatures.length))
                                message.requiredFeatures = [];
                            message.requiredFeatures.push(reader.uint32());
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.int32())
                                message.type = value;
                            else
                                delete message.type;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.rows = value;
                            else
                                delete message.rows;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 2)
                                break;
                            message.nulls = $root.nacre.v1.ValueSet.decode(reader, reader.size(), $undefined, _depth + 1, message.nulls);
                            continue;
                        }
                    case 5: {
                            if (wireType !== 2)
                                break;
                            if (!(message.values && message.values.length))
                                message.values = [];
                            message.values.push($root.nacre.v1.ValueSet.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    case 6: {
                            if (wireType !== 2)
                                break;
                            message.blocks = $root.nacre.v1.SortedBlocks.decode(reader, reader.size(), $undefined, _depth + 1, message.blocks);
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return AttributeDirectory;
        })();

        v1.SortedBlocks = (function() {

            /**
             * Properties of a SortedBlocks.
             * @typedef {Object} nacre.v1.SortedBlocks.$Properties
             * @property {nacre.v1.ValueSet.$Properties|null} [nans] SortedBlocks nans
             * @property {number|null} [nullsSum] SortedBlocks nullsSum
             * @property {number|null} [nansSum] SortedBlocks nansSum
             * @property {Array.<number>|null} [pairs] SortedBlocks pairs
             * @property {Array.<number>|null} [bytes] SortedBlocks bytes
             * @property {Array.<number>|null} [sums] SortedBlocks sums
             * @property {Uint8Array|null} [bounds] SortedBlocks bounds
             * @property {Array.<number>|null} [ends] SortedBlocks ends
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a SortedBlocks.
             * @memberof nacre.v1
             * @interface ISortedBlocks
             * @augments nacre.v1.SortedBlocks.$Properties
             * @deprecated Use nacre.v1.SortedBlocks.$Properties instead.
             */

            /**
             * Shape of a SortedBlocks.
             * @typedef {nacre.v1.SortedBlocks.$Properties} nacre.v1.SortedBlocks.$Shape
             */

            /**
             * Constructs a new SortedBlocks.
             * @memberof nacre.v1
             * @classdesc Represents a SortedBlocks.
             * @constructor
             * @param {nacre.v1.SortedBlocks.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const SortedBlocks = function (properties) {
                this.pairs = [];
                this.bytes = [];
                this.sums = [];
                this.ends = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * SortedBlocks nans.
             * @member {nacre.v1.ValueSet.$Properties|null|undefined} nans
             * @memberof nacre.v1.SortedBlocks
             * @instance
             */
            SortedBlocks.prototype.nans = null;

            /**
             * SortedBlocks nullsSum.
             * @member {number} nullsSum
             * @memberof nacre.v1.SortedBlocks
             * @instance
             */
            SortedBlocks.prototype.nullsSum = 0;

            /**
             * SortedBlocks nansSum.
             * @member {number} nansSum
             * @memberof nacre.v1.SortedBlocks
             * @instance
             */
            SortedBlocks.prototype.nansSum = 0;

            /**
             * SortedBlocks pairs.
             * @member {Array.<number>} pairs
             * @memberof nacre.v1.SortedBlocks
             * @instance
             */
            SortedBlocks.prototype.pairs = $util.emptyArray;

            /**
             * SortedBlocks bytes.
             * @member {Array.<number>} bytes
             * @memberof nacre.v1.SortedBlocks
             * @instance
             */
            SortedBlocks.prototype.bytes = $util.emptyArray;

            /**
             * SortedBlocks sums.
             * @member {Array.<number>} sums
             * @memberof nacre.v1.SortedBlocks
             * @instance
             */
            SortedBlocks.prototype.sums = $util.emptyArray;

            /**
             * SortedBlocks bounds.
             * @member {Uint8Array} bounds
             * @memberof nacre.v1.SortedBlocks
             * @instance
             */
            SortedBlocks.prototype.bounds = $util.newBuffer([]);

            /**
             * SortedBlocks ends.
             * @member {Array.<number>} ends
             * @memberof nacre.v1.SortedBlocks
             * @instance
             */
            SortedBlocks.prototype.ends = $util.emptyArray;

            /**
             * Creates a new SortedBlocks instance using the specified properties.
             * @function create
             * @memberof nacre.v1.SortedBlocks
             * @static
             * @param {nacre.v1.SortedBlocks.$Properties=} [properties] Properties to set
             * @returns {nacre.v1.SortedBlocks} SortedBlocks instance
             * @type {{
             *   (properties: nacre.v1.SortedBlocks.$Shape): nacre.v1.SortedBlocks & nacre.v1.SortedBlocks.$Shape;
             *   (properties?: nacre.v1.SortedBlocks.$Properties): nacre.v1.SortedBlocks;
             * }}
             */
            SortedBlocks.create = function(properties) {
                return new SortedBlocks(properties);
            };

            /**
             * Encodes the specified SortedBlocks message. Does not implicitly {@link nacre.v1.SortedBlocks.verify|verify} messages.
             * @function encode
             * @memberof nacre.v1.SortedBlocks
             * @static
             * @param {nacre.v1.SortedBlocks.$Properties} message SortedBlocks message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            SortedBlocks.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.nans != null && $Object.hasOwnProperty.call(message, "nans"))
                    $root.nacre.v1.ValueSet.encode(message.nans, writer.uint32(/* id 1, wireType 2 =*/10).fork(), _depth + 1).ldelim();
                if (message.nullsSum != null && $Object.hasOwnProperty.call(message, "nullsSum") && message.nullsSum !== 0)
                    writer.uint32(/* id 2, wireType 5 =*/21).fixed32(message.nullsSum);
                if (message.nansSum != null && $Object.hasOwnProperty.call(message, "nansSum") && message.nansSum !== 0)
                    writer.uint32(/* id 3, wireType 5 =*/29).fixed32(message.nansSum);
                if (message.pairs != null && message.pairs.length)
                    writer.uint32(/* id 4, wireType 2 =*/34).uint32s(message.pairs);
                if (message.bytes != null && message.bytes.length)
                    writer.uint32(/* id 5, wireType 2 =*/42).uint32s(message.bytes);
                if (message.sums != null && message.sums.length)
                    writer.uint32(/* id 6, wireType 2 =*/50).fixed32s(message.sums);
                if (message.bounds != null && $Object.hasOwnProperty.call(message, "bounds") && message.bounds.length)
                    writer.uint32(/* id 7, wireType 2 =*/58).bytes(message.bounds);
                if (message.ends != null && message.ends.length)
                    writer.uint32(/* id 8, wireType 2 =*/66).uint32s(message.ends);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a SortedBlocks message from the specified reader or buffer.
             * @function decode
             * @memberof nacre.v1.SortedBlocks
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {nacre.v1.SortedBlocks & nacre.v1.SortedBlocks.$Shape} SortedBlocks
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            SortedBlocks.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.nacre.v1.SortedBlocks();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            message.nans = $root.nacre.v1.ValueSet.decode(reader, reader.size(), $undefined, _depth + 1, message.nans);
                            continue;
                        }
                    case 2: {
                            if (wireType !== 5)
                                break;
                            if (value = reader.fixed32())
                                message.nullsSum = value;
                            else
                                delete message.nullsSum;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 5)
                                break;
                            if (value = reader.fixed32())
                                message.nansSum = value;
                            else
                                delete message.nansSum;
                            continue;
                        }
                    case 4: {
                            if (wireType === 2) {
                                if (!(message.pairs && message.pairs.length))
                                    message.pairs = [];
                                reader.uint32s(message.pairs);
                                continue;
                            }
                            if (wireType !== 0)
                                break;
                            if (!(message.pairs && message.pairs.length))
                                message.pairs = [];
                            message.pairs.push(reader.uint32());
                            continue;
                        }
                    case 5: {
                            if (wireType === 2) {
                                if (!(message.bytes && message.bytes.length))
                                    message.bytes = [];
                                reader.uint32s(message.bytes);
                                continue;
                            }
                            if (wireType !== 0)
                                break;
                            if (!(message.bytes && message.bytes.length))
                                message.bytes = [];
                            message.bytes.push(reader.uint32());
                            continue;
                        }
                    case 6: {
                            if (wireType === 2) {
                                if (!(message.sums && message.sums.length))
                                    message.sums = [];
                                reader.fixed32s(message.sums);
                                continue;
                            }
                            if (wireType !== 5)
                                break;
                            if (!(message.sums && message.sums.length))
                                message.sums = [];
                            message.sums.push(reader.fixed32());
                            continue;
                        }
                    case 7: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.bounds = value;
                            else
                                delete message.bounds;
                            continue;
                        }
                    case 8: {
                            if (wireType === 2) {
                                if (!(message.ends && message.ends.length))
                                    message.ends = [];
                                reader.uint32s(message.ends);
                                continue;
                            }
                            if (wireType !== 0)
                                break;
                            if (!(message.ends && message.ends.length))
                                message.ends = [];
                            message.ends.push(reader.uint32());
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return SortedBlocks;
        })();

        v1.ValueSet = (function() {

            /**
             * Properties of a ValueSet.
             * @typedef {Object} nacre.v1.ValueSet.$Properties
             * @property {Uint8Array|null} [value] ValueSet value
             * @property {number|null} [rows] ValueSet rows
             * @property {number|null} [bytes] ValueSet bytes
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a ValueSet.
             * @memberof nacre.v1
             * @interface IValueSet
             * @augments nacre.v1.ValueSet.$Properties
             * @deprecated Use nacre.v1.ValueSet.$Properties instead.
             */

            /**
             * Shape of a ValueSet.
             * @typedef {nacre.v1.ValueSet.$Properties} nacre.v1.ValueSet.$Shape
             */

            /**
             * Constructs a new ValueSet.
             * @memberof nacre.v1
             * @classdesc Represents a ValueSet.
             * @constructor
             * @param {nacre.v1.ValueSet.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const ValueSet = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * ValueSet value.
             * @member {Uint8Array} value
             * @memberof nacre.v1.ValueSet
             * @instance
             */
            ValueSet.prototype.value = $util.newBuffer([]);

            /**
             * ValueSet rows.
             * @member {number} rows
             * @memberof nacre.v1.ValueSet
             * @instance
             */
            ValueSet.prototype.rows = 0;

            /**
             * ValueSet bytes.
             * @member {number} bytes
             * @memberof nacre.v1.ValueSet
             * @instance
             */
            ValueSet.prototype.bytes = 0;

            /**
             * Creates a new ValueSet instance using the specified properties.
             * @function create
             * @memberof nacre.v1.ValueSet
             * @static
             * @param {nacre.v1.ValueSet.$Properties=} [properties] Properties to set
             * @returns {nacre.v1.ValueSet} ValueSet instance
             * @type {{
             *   (properties: nacre.v1.ValueSet.$Shape): nacre.v1.ValueSet & nacre.v1.ValueSet.$Shape;
             *   (properties?: nacre.v1.ValueSet.$Properties): nacre.v1.ValueSet;
             * }}
             */
            ValueSet.create = function(properties) {
                return new ValueSet(properties);
            };

            /**
             * Encodes the specified ValueSet message. Does not implicitly {@link nacre.v1.ValueSet.verify|verify} messages.
             * @function encode
             * @memberof nacre.v1.ValueSet
             * @static
             * @param {nacre.v1.ValueSet.$Properties} message ValueSet message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            ValueSet.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.value != null && $Object.hasOwnProperty.call(message, "value") && message.value.length)
                    writer.uint32(/* id 1, wireType 2 =*/10).bytes(message.value);
                if (message.rows != null && $Object.hasOwnProperty.call(message, "rows") && message.rows !== 0)
                    writer.uint32(/* id 2, wireType 0 =*/16).uint32(message.rows);
                if (message.bytes != null && $Object.hasOwnProperty.call(message, "bytes") && message.bytes !== 0)
                    writer.uint32(/* id 3, wireType 0 =*/24).uint32(message.bytes);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a ValueSet message from the specified reader or buffer.
             * @function decode
             * @memberof nacre.v1.ValueSet
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {nacre.v1.ValueSet & nacre.v1.ValueSet.$Shape} ValueSet
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            ValueSet.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.nacre.v1.ValueSet();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.value = value;
                            else
                                delete message.value;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.rows = value;
                            else
                                delete message.rows;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.bytes = value;
                            else
                                delete message.bytes;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return ValueSet;
        })();

        v1.Partition = (function() {

            /**
             * Properties of a Partition.
             * @typedef {Object} nacre.v1.Partition.$Properties
             * @property {number|null} [object] Partition object
             * @property {number|null} [rows] Partition rows
             * @property {number|null} [dataOffset] Partition dataOffset
             * @property {number|null} [firstRowId] Partition firstRowId
             * @property {nacre.v1.RowSet.$Properties|null} [rowIds] Partition rowIds
             * @property {number|null} [sequence] Partition sequence
             * @property {Uint8Array|null} [dropped] Partition dropped
             * @property {Array.<nacre.v1.Column.$Properties>|null} [columns] Partition columns
             * @property {number|null} [step] Partition step
             * @property {number|null} [mergedUpTo] Partition mergedUpTo
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Partition.
             * @memberof nacre.v1
             * @interface IPartition
             * @augments nacre.v1.Partition.$Properties
             * @deprecated Use nacre.v1.Partition.$Properties instead.
             */

            /**
             * Shape of a Partition.
             * @typedef {{
             *   object?: number|null;
             *   rows?: number|null;
             *   dataOffset?: number|null;
             *   firstRowId?: number|null;
             *   rowIds?: nacre.v1.RowSet.$Shape|null;
             *   sequence?: number|null;
             *   dropped?: Uint8Array|null;
             *   columns?: Array.<nacre.v1.Column.$Shape>|null;
             *   step?: number|null;
             *   mergedUpTo?: number|null;
             *   $unknowns?: Array.<Uint8Array>;
             * }} nacre.v1.Partition.$Shape
             */

            /**
             * Constructs a new Partition.
             * @memberof nacre.v1
             * @classdesc Represents a Partition.
             * @constructor
             * @param {nacre.v1.Partition.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Partition = function (properties) {
                this.columns = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Partition object.
             * @member {number} object
             * @memberof nacre.v1.Partition
             * @instance
             */
            Partition.prototype.object = 0;

            /**
             * Partition rows.
             * @member {number} rows
             * @memberof nacre.v1.Partition
             * @instance
             */
            Partition.prototype.rows = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Partition dataOffset.
             * @member {number} dataOffset
             * @memberof nacre.v1.Partition
             * @instance
             */
            Partition.prototype.dataOffset = 0;

            /**
             * Partition firstRowId.
             * @member {number} firstRowId
             * @memberof nacre.v1.Partition
             * @instance
             */
            Partition.prototype.firstRowId = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Partition rowIds.
             * @member {nacre.v1.RowSet.$Properties|null|undefined} rowIds
             * @memberof nacre.v1.Partition
             * @instance
             */
            Partition.prototype.rowIds = null;

            /**
             * Partition sequence.
             * @member {number} sequence
             * @memberof nacre.v1.Partition
             * @instance
             */
            Partition.prototype.sequence = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Partition dropped.
             * @member {Uint8Array} dropped
             * @memberof nacre.v1.Partition
             * @instance
             */
            Partition.prototype.dropped = $util.newBuffer([]);

            /**
             * Partition columns.
             * @member {Array.<nacre.v1.Column.$Properties>} columns
             * @memberof nacre.v1.Partition
             * @instance
             */
            Partition.prototype.columns = $util.emptyArray;

            /**
             * Partition step.
             * @member {number} step
             * @memberof nacre.v1.Partition
             * @instance
             */
            Partition.prototype.step = 0;

            /**
             * Partition mergedUpTo.
             * @member {number} mergedUpTo
             * @memberof nacre.v1.Partition
             * @instance
             */
            Partition.prototype.mergedUpTo = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Creates a new Partition instance using the specified properties.
             * @function create
             * @memberof nacre.v1.Partition
             * @static
             * @param {nacre.v1.Partition.$Properties=} [properties] Properties to set
             * @returns {nacre.v1.Partition} Partition instance
             * @type {{
             *   (properties: nacre.v1.Partition.$Shape): nacre.v1.Partition & nacre.v1.Partition.$Shape;
             *   (properties?: nacre.v1.Partition.$Properties): nacre.v1.Partition;
             * }}
             */
            Partition.create = function(properties) {
                return new Partition(properties);
            };

            /**
             * Encodes the specified Partition message. Does not implicitly {@link nacre.v1.Partition.verify|verify} messages.
             * @function encode
             * @memberof nacre.v1.Partition
             * @static
             * @param {nacre.v1.Partition.$Properties} message Partition message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Partition.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.object != null && $Object.hasOwnProperty.call(message, "object") && message.object !== 0)
                    writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.object);
                if (message.rows != null && $Object.hasOwnProperty.call(message, "rows") && (typeof message.rows === "object" ? message.rows.low || message.rows.high : message.rows !== 0))
                    writer.uint32(/* id 2, wireType 0 =*/16).uint64(message.rows);
                if (message.dataOffset != null && $Object.hasOwnProperty.call(message, "dataOffset") && message.dataOffset !== 0)
                    writer.uint32(/* id 3, wireType 0 =*/24).uint32(message.dataOffset);
                if (message.firstRowId != null && $Object.hasOwnProperty.call(message, "firstRowId") && (typeof message.firstRowId === "object" ? message.firstRowId.low || message.firstRowId.high : message.firstRowId !== 0))
                    writer.uint32(/* id 4, wireType 0 =*/32).uint64(message.firstRowId);
                if (message.rowIds != null && $Object.hasOwnProperty.call(message, "rowIds"))
                    $root.nacre.v1.RowSet.encode(message.rowIds, writer.uint32(/* id 5, wireType 2 =*/42).fork(), _depth + 1).ldelim();
                if (message.sequence != null && $Object.hasOwnProperty.call(message, "sequence") && (typeof message.sequence === "object" ? message.sequence.low || message.sequence.high : message.sequence !== 0))
                    writer.uint32(/* id 6, wireType 0 =*/48).uint64(message.sequence);
                if (message.dropped != null && $Object.hasOwnProperty.call(message, "dropped") && message.dropped.length)
                    writer.uint32(/* id 7, wireType 2 =*/58).bytes(message.dropped);
                if (message.columns != null && message.columns.length)
                    for (let i = 0; i < message.columns.length; ++i)
                        $root.nacre.v1.Column.encode(message.columns[i], writer.uint32(/* id 8, wireType 2 =*/66).fork(), _depth + 1).ldelim();
                if (message.step != null && $Object.hasOwnProperty.call(message, "step") && message.step !== 0)
                    writer.uint32(/* id 9, wireType 0 =*/72).uint32(message.step);
                if (message.mergedUpTo != null && $Object.hasOwnProperty.call(message, "mergedUpTo") && (typeof message.mergedUpTo === "object" ? message.mergedUpTo.low || message.mergedUpTo.high : message.mergedUpTo !== 0))
                    writer.uint32(/* id 40, wireType 0 =*/320).uint64(message.mergedUpTo);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a Partition message from the specified reader or buffer.
             * @function decode
             * @memberof nacre.v1.Partition
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {nacre.v1.Partition & nacre.v1.Partition.$Shape} Partition
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Partition.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.nacre.v1.Partition();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.object = value;
                            else
                                delete message.object;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.rows = value;
                            else
                                delete message.rows;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.dataOffset = value;
                            else
                                delete message.dataOffset;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.firstRowId = value;
                            else
                                delete message.firstRowId;
                            continue;
                        }
                    case 5: {
                            if (wireType !== 2)
                                break;
                            message.rowIds = $root.nacre.v1.RowSet.decode(reader, reader.size(), $undefined, _depth + 1, message.rowIds);
                            continue;
                        }
                    case 6: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.sequence = value;
                            else
                                delete message.sequence;
                            continue;
                        }
                    case 7: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.dropped = value;
                            else
                                delete message.dropped;
                            continue;
                        }
                    case 8: {
                            if (wireType !== 2)
                                break;
                            if (!(message.columns && message.columns.length))
                                message.columns = [];
                            message.columns.push($root.nacre.v1.Column.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    case 9: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.step = value;
                            else
                                delete message.step;
                            continue;
                        }
                    case 40: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.mergedUpTo = value;
                            else
                                delete message.mergedUpTo;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Partition;
        })();

        v1.Column = (function() {

            /**
             * Properties of a Column.
             * @typedef {Object} nacre.v1.Column.$Properties
             * @property {number|null} [attribute] Column attribute
             * @property {nacre.v1.AttributeType|null} [type] Column type
             * @property {number|null} [nulls] Column nulls
             * @property {number|null} [nans] Column nans
             * @property {Uint8Array|null} [least] Column least
             * @property {Uint8Array|null} [most] Column most
             * @property {boolean|null} [listed] Column listed
             * @property {Array.<Uint8Array>|null} [values] Column values
             * @property {Array.<number>|null} [textBytes] Column textBytes
             * @property {Array.<number>|null} [items] Column items
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Column.
             * @memberof nacre.v1
             * @interface IColumn
             * @augments nacre.v1.Column.$Properties
             * @deprecated Use nacre.v1.Column.$Properties instead.
             */

            /**
             * Shape of a Column.
             * @typedef {nacre.v1.Column.$Properties} nacre.v1.Column.$Shape
             */

            /**
             * Constructs a new Column.
             * @memberof nacre.v1
             * @classdesc Represents a Column.
             * @constructor
             * @param {nacre.v1.Column.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Column = function (properties) {
                this.values = [];
                this.textBytes = [];
                this.items = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Column attribute.
             * @member {number} attribute
             * @memberof nacre.v1.Column
             * @instance
             */
            Column.prototype.attribute = 0;

            /**
             * Column type.
             * @member {nacre.v1.AttributeType} type
             * @memberof nacre.v1.Column
             * @instance
             */
            Column.prototype.type = 0;

            /**
             * Column nulls.
             * @member {number} nulls
             * @memberof nacre.v1.Column
             * @instance
             */
            Column.prototype.nulls = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Column nans.
             * @member {number} nans
             * @memberof nacre.v1.Column
             * @instance
             */
            Column.prototype.nans = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Column least.
             * @member {Uint8Array} least
             * @memberof nacre.v1.Column
             * @instance
             */
            Column.prototype.least = $util.newBuffer([]);

            /**
             * Column most.
             * @member {Uint8Array} most
             * @memberof nacre.v1.Column
             * @instance
             */
            Column.prototype.most = $util.newBuffer([]);

            /**
             * Column listed.
             * @member {boolean} listed
             * @memberof nacre.v1.Column
             * @instance
             */
            Column.prototype.listed = false;

            /**
             * Column values.
             * @member {Array.<Uint8Array>} values
             * @memberof nacre.v1.Column
             * @instance
             */
            Column.prototype.values = $util.emptyArray;

            /**
             * Column textBytes.
             * @member {Array.<number>} textBytes
             * @memberof nacre.v1.Column
             * @instance
             */
            Column.prototype.textBytes = $util.emptyArray;

            /**
             * Column items.
             * @member {Array.<number>} items
             * @memberof nacre.v1.Column
             * @instance
             */
            Column.prototype.items = $util.emptyArray;

            /**
             * Creates a new Column instance using the specified properties.
             * @function create
             * @memberof nacre.v1.Column
             * @static
             * @param {nacre.v1.Column.$Properties=} [properties] Properties to set
             * @returns {nacre.v1.Column} Column instance
             * @type {{
             *   (properties: nacre.v1.Column.$Shape): nacre.v1.Column & nacre.v1.Column.$Shape;
             *   (properties?: nacre.v1.Column.$Properties): nacre.v1.Column;
             * }}
             */
            Column.create = function(properties) {
                return new Column(properties);
            };

            /**
             * Encodes the specified Column message. Does not implicitly {@link nacre.v1.Column.verify|verify} messages.
             * @function encode
             * @memberof nacre.v1.Column
             * @static
             * @param {nacre.v1.Column.$Properties} message Column message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Column.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.attribute != null && $Object.hasOwnProperty.call(message, "attribute") && message.attribute !== 0)
                    writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.attribute);
                if (message.type != null && $Object.hasOwnProperty.call(message, "type") && message.type !== 0)
                    writer.uint32(/* id 2, wireType 0 =*/16).int32(message.type);
                if (message.nulls != null && $Object.hasOwnProperty.call(message, "nulls") && (typeof message.nulls === "object" ? message.nulls.low || message.nulls.high : message.nulls !== 0))
                    writer.uint32(/* id 3, wireType 0 =*/24).uint64(message.nulls);
                if (message.nans != null && $Object.hasOwnProperty.call(message, "nans") && (typeof message.nans === "object" ? message.nans.low || message.nans.high : message.nans !== 0))
                    writer.uint32(/* id 4, wireType 0 =*/32).uint64(message.nans);
                if (message.least != null && $Object.hasOwnProperty.call(message, "least") && message.least.length)
                    writer.uint32(/* id 5, wireType 2 =*/42).bytes(message.least);
                if (message.most != null && $Object.hasOwnProperty.call(message, "most") && message.most.length)
                    writer.uint32(/* id 6, wireType 2 =*/50).bytes(message.most);
                if (message.listed != null && $Object.hasOwnProperty.call(message, "listed") && message.listed !== false)
                    writer.uint32(/* id 7, wireType 0 =*/56).bool(message.listed);
                if (message.values != null && message.values.length)
                    for (let i = 0; i < message.values.length; ++i)
                        writer.uint32(/* id 8, wireType 2 =*/66).bytes(message.values[i]);
                if (message.textBytes != null && message.textBytes.length)
                    writer.uint32(/* id 9, wireType 2 =*/74).uint64s(message.textBytes);
                if (message.items != null && message.items.length)
                    writer.uint32(/* id 10, wireType 2 =*/82).uint64s(message.items);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a Column message from the specified reader or buffer.
             * @function decode
             * @memberof nacre.v1.Column
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {nacre.v1.Column & nacre.v1.Column.$Shape} Column
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Column.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.nacre.v1.Column();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.attribute = value;
                            else
                                delete message.attribute;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.int32())
                                message.type = value;
                            else
                                delete message.type;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.nulls = value;
                            else
                                delete message.nulls;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.nans = value;
                            else
                                delete message.nans;
                            continue;
                        }
                    case 5: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.least = value;
                            else
                                delete message.least;
                            continue;
                        }
                    case 6: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.most = value;
                            else
                                delete message.most;
                            continue;
                        }
                    case 7: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.bool())
                                message.listed = value;
                            else
                                delete message.listed;
                            continue;
                        }
                    case 8: {
                            if (wireType !== 2)
                                break;
                            if (!(message.values && message.values.length))
                                message.values = [];
                            message.values.push(reader.bytes());
                            continue;
                        }
                    case 9: {
                            if (wireType === 2) {
                                if (!(message.textBytes && message.textBytes.length))
                                    message.textBytes = [];
                                reader.uint64s(message.textBytes);
                                continue;
                            }
                            if (wireType !== 0)
                                break;
                            if (!(message.textBytes && message.textBytes.length))
                                message.textBytes = [];
                            message.textBytes.push(reader.uint64());
                            continue;
                        }
                    case 10: {
                            if (wireType === 2) {
                                if (!(message.items && message.items.length))
                                    message.items = [];
                                reader.uint64s(message.items);
                                continue;
                            }
                            if (wireType !== 0)
                                break;
                            if (!(message.items && message.items.length))
                                message.items = [];
                            message.items.push(reader.uint64());
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Column;
        })();

        v1.SegmentRef = (function() {

            /**
             * Properties of a SegmentRef.
             * @typedef {Object} nacre.v1.SegmentRef.$Properties
             * @property {number|null} [object] SegmentRef object
             * @property {number|null} [headBytes] SegmentRef headBytes
             * @property {Uint8Array|null} [headHash] SegmentRef headHash
             * @property {number|null} [firstRowId] SegmentRef firstRowId
             * @property {number|null} [rows] SegmentRef rows
             * @property {number|null} [droppedRows] SegmentRef droppedRows
             * @property {number|null} [partitions] SegmentRef partitions
             * @property {boolean|null} [overrides] SegmentRef overrides
             * @property {Array.<number>|null} [attributes] SegmentRef attributes
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a SegmentRef.
             * @memberof nacre.v1
             * @interface ISegmentRef
             * @augments nacre.v1.SegmentRef.$Properties
             * @deprecated Use nacre.v1.SegmentRef.$Properties instead.
             */

            /**
             * Shape of a SegmentRef.
             * @typedef {nacre.v1.SegmentRef.$Properties} nacre.v1.SegmentRef.$Shape
             */

            /**
             * Constructs a new SegmentRef.
             * @memberof nacre.v1
             * @classdesc Represents a SegmentRef.
             * @constructor
             * @param {nacre.v1.SegmentRef.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const SegmentRef = function (properties) {
                this.attributes = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * SegmentRef object.
             * @member {number} object
             * @memberof nacre.v1.SegmentRef
             * @instance
             */
            SegmentRef.prototype.object = 0;

            /**
             * SegmentRef headBytes.
             * @member {number} headBytes
             * @memberof nacre.v1.SegmentRef
             * @instance
             */
            SegmentRef.prototype.headBytes = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * SegmentRef headHash.
             * @member {Uint8Array} headHash
             * @memberof nacre.v1.SegmentRef
             * @instance
             */
            SegmentRef.prototype.headHash = $util.newBuffer([]);

            /**
             * SegmentRef firstRowId.
             * @member {number} firstRowId
             * @memberof nacre.v1.SegmentRef
             * @instance
             */
            SegmentRef.prototype.firstRowId = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * SegmentRef rows.
             * @member {number} rows
             * @memberof nacre.v1.SegmentRef
             * @instance
             */
            SegmentRef.prototype.rows = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * SegmentRef droppedRows.
             * @member {number} droppedRows
             * @memberof nacre.v1.SegmentRef
             * @instance
             */
            SegmentRef.prototype.droppedRows = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * SegmentRef partitions.
             * @member {number} partitions
             * @memberof nacre.v1.SegmentRef
             * @instance
             */
            SegmentRef.prototype.partitions = 0;

            /**
             * SegmentRef overrides.
             * @member {boolean} overrides
             * @memberof nacre.v1.SegmentRef
             * @instance
             */
            SegmentRef.prototype.overrides = false;

            /**
             * SegmentRef attributes.
             * @member {Array.<number>} attributes
             * @memberof nacre.v1.SegmentRef
             * @instance
             */
            SegmentRef.prototype.attributes = $util.emptyArray;

            /**
             * Creates a new SegmentRef instance using the specified properties.
             * @function create
             * @memberof nacre.v1.SegmentRef
             * @static
             * @param {nacre.v1.SegmentRef.$Properties=} [properties] Properties to set
             * @returns {nacre.v1.SegmentRef} SegmentRef instance
             * @type {{
             *   (properties: nacre.v1.SegmentRef.$Shape): nacre.v1.SegmentRef & nacre.v1.SegmentRef.$Shape;
             *   (properties?: nacre.v1.SegmentRef.$Properties): nacre.v1.SegmentRef;
             * }}
             */
            SegmentRef.create = function(properties) {
                return new SegmentRef(properties);
            };

            /**
             * Encodes the specified SegmentRef message. Does not implicitly {@link nacre.v1.SegmentRef.verify|verify} messages.
             * @function encode
             * @memberof nacre.v1.SegmentRef
             * @static
             * @param {nacre.v1.SegmentRef.$Properties} message SegmentRef message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            SegmentRef.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.object != null && $Object.hasOwnProperty.call(message, "object") && message.object !== 0)
                    writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.object);
                if (message.headBytes != null && $Object.hasOwnProperty.call(message, "headBytes") && (typeof message.headBytes === "object" ? message.headBytes.low || message.headBytes.high : message.headBytes !== 0))
                    writer.uint32(/* id 2, wireType 0 =*/16).uint64(message.headBytes);
                if (message.headHash != null && $Object.hasOwnProperty.call(message, "headHash") && message.headHash.length)
                    writer.uint32(/* id 3, wireType 2 =*/26).bytes(message.headHash);
                if (message.firstRowId != null && $Object.hasOwnProperty.call(message, "firstRowId") && (typeof message.firstRowId === "object" ? message.firstRowId.low || message.firstRowId.high : message.firstRowId !== 0))
                    writer.uint32(/* id 4, wireType 0 =*/32).uint64(message.firstRowId);
                if (message.rows != null && $Object.hasOwnProperty.call(message, "rows") && (typeof message.rows === "object" ? message.rows.low || message.rows.high : message.rows !== 0))
                    writer.uint32(/* id 5, wireType 0 =*/40).uint64(message.rows);
                if (message.droppedRows != null && $Object.hasOwnProperty.call(message, "droppedRows") && (typeof message.droppedRows === "object" ? message.droppedRows.low || message.droppedRows.high : message.droppedRows !== 0))
                    writer.uint32(/* id 6, wireType 0 =*/48).uint64(message.droppedRows);
                if (message.partitions != null && $Object.hasOwnProperty.call(message, "partitions") && message.partitions !== 0)
                    writer.uint32(/* id 7, wireType 0 =*/56).uint32(message.partitions);
                if (message.overrides != null && $Object.hasOwnProperty.call(message, "overrides") && message.overrides !== false)
                    writer.uint32(/* id 8, wireType 0 =*/64).bool(message.overrides);
                if (message.attributes != null && message.attributes.length)
                    writer.uint32(/* id 9, wireType 2 =*/74).uint32s(message.attributes);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a SegmentRef message from the specified reader or buffer.
             * @function decode
             * @memberof nacre.v1.SegmentRef
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {nacre.v1.SegmentRef & nacre.v1.SegmentRef.$Shape} SegmentRef
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            SegmentRef.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.nacre.v1.SegmentRef();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.object = value;
                            else
                                delete message.object;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.headBytes = value;
                            else
                                delete message.headBytes;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.headHash = value;
                            else
                                delete message.headHash;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.firstRowId = value;
                            else
                                delete message.firstRowId;
                            continue;
                        }
                    case 5: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.rows = value;
                            else
                                delete message.rows;
                            continue;
                        }
                    case 6: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.droppedRows = value;
                            else
                                delete message.droppedRows;
                            continue;
                        }
                    case 7: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.partitions = value;
                            else
                                delete message.partitions;
                            continue;
                        }
                    case 8: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.bool())
                                message.overrides = value;
                            else
                                delete message.overrides;
                            continue;
                        }
                    case 9: {
                            if (wireType === 2) {
                                if (!(message.attributes && message.attributes.length))
                                    message.attributes = [];
                                reader.uint32s(message.attributes);
                                continue;
                            }
                            if (wireType !== 0)
                                break;
                            if (!(message.attributes && message.attributes.length))
                                message.attributes = [];
                            message.attributes.push(reader.uint32());
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return SegmentRef;
        })();

        v1.Segment = (function() {

            /**
             * Properties of a Segment.
             * @typedef {Object} nacre.v1.Segment.$Properties
             * @property {Array.<number>|null} [requiredFeatures] Segment requiredFeatures
             * @property {nacre.v1.ObjectTable.$Properties|null} [objects] Segment objects
             * @property {Array.<nacre.v1.Partition.$Properties>|null} [partitions] Segment partitions
             * @property {number|null} [coldBytes] Segment coldBytes
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Segment.
             * @memberof nacre.v1
             * @interface ISegment
             * @augments nacre.v1.Segment.$Properties
             * @deprecated Use nacre.v1.Segment.$Properties instead.
             */

            /**
             * Shape of a Segment.
             * @typedef {{
             *   requiredFeatures?: Array.<number>|null;
             *   objects?: nacre.v1.ObjectTable.$Shape|null;
             *   partitions?: Array.<nacre.v1.Partition.$Shape>|null;
             *   coldBytes?: number|null;
             *   $unknowns?: Array.<Uint8Array>;
             * }} nacre.v1.Segment.$Shape
             */

            /**
             * Constructs a new Segment.
             * @memberof nacre.v1
             * @classdesc Represents a Segment.
             * @constructor
             * @param {nacre.v1.Segment.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Segment = function (properties) {
                this.requiredFeatures = [];
                this.partitions = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Segment requiredFeatures.
             * @member {Array.<number>} requiredFeatures
             * @memberof nacre.v1.Segment
             * @instance
             */
            Segment.prototype.requiredFeatures = $util.emptyArray;

            /**
             * Segment objects.
             * @member {nacre.v1.ObjectTable.$Properties|null|undefined} objects
             * @memberof nacre.v1.Segment
             * @instance
             */
            Segment.prototype.objects = null;

            /**
             * Segment partitions.
             * @member {Array.<nacre.v1.Partition.$Properties>} partitions
             * @memberof nacre.v1.Segment
             * @instance
             */
            Segment.prototype.partitions = $util.emptyArray;

            /**
             * Segment coldBytes.
             * @member {number} coldBytes
             * @memberof nacre.v1.Segment
             * @instance
             */
            Segment.prototype.coldBytes = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Creates a new Segment instance using the specified properties.
             * @function create
             * @memberof nacre.v1.Segment
             * @static
             * @param {nacre.v1.Segment.$Properties=} [properties] Properties to set
             * @returns {nacre.v1.Segment} Segment instance
             * @type {{
             *   (properties: nacre.v1.Segment.$Shape): nacre.v1.Segment & nacre.v1.Segment.$Shape;
             *   (properties?: nacre.v1.Segment.$Properties): nacre.v1.Segment;
             * }}
             */
            Segment.create = function(properties) {
                return new Segment(properties);
            };

            /**
             * Encodes the specified Segment message. Does not implicitly {@link nacre.v1.Segment.verify|verify} messages.
             * @function encode
             * @memberof nacre.v1.Segment
             * @static
             * @param {nacre.v1.Segment.$Properties} message Segment message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Segment.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.requiredFeatures != null && message.requiredFeatures.length)
                    writer.uint32(/* id 1, wireType 2 =*/10).uint32s(message.requiredFeatures);
                if (message.objects != null && $Object.hasOwnProperty.call(message, "objects"))
                    $root.nacre.v1.ObjectTable.encode(message.objects, writer.uint32(/* id 2, wireType 2 =*/18).fork(), _depth + 1).ldelim();
                if (message.partitions != null && message.partitions.length)
                    for (let i = 0; i < message.partitions.length; ++i)
                        $root.nacre.v1.Partition.encode(message.partitions[i], writer.uint32(/* id 3, wireType 2 =*/26).fork(), _depth + 1).ldelim();
                if (message.coldBytes != null && $Object.hasOwnProperty.call(message, "coldBytes") && (typeof message.coldBytes === "object" ? message.coldBytes.low || message.coldBytes.high : message.coldBytes !== 0))
                    writer.uint32(/* id 4, wireType 0 =*/32).uint64(message.coldBytes);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a Segment message from the specified reader or buffer.
             * @function decode
             * @memberof nacre.v1.Segment
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {nacre.v1.Segment & nacre.v1.Segment.$Shape} Segment
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Segment.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.nacre.v1.Segment();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType === 2) {
                                if (!(message.requiredFeatures && message.requiredFeatures.length))
                                    message.requiredFeatures = [];
                                reader.uint32s(message.requiredFeatures);
                                continue;
                            }
                            if (wireType !== 0)
                                break;
                            if (!(message.requiredFeatures && message.requiredFeatures.length))
                                message.requiredFeatures = [];
                            message.requiredFeatures.push(reader.uint32());
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            message.objects = $root.nacre.v1.ObjectTable.decode(reader, reader.size(), $undefined, _depth + 1, message.objects);
                            continue;
                        }
                    case 3: {
                            if (wireType !== 2)
                                break;
                            if (!(message.partitions && message.partitions.length))
                                message.partitions = [];
                            message.partitions.push($root.nacre.v1.Partition.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    case 4: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.coldBytes = value;
                            else
                                delete message.coldBytes;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Segment;
        })();

        v1.Tag = (function() {

            /**
             * Properties of a Tag.
             * @typedef {Object} nacre.v1.Tag.$Properties
             * @property {string|null} [name] Tag name
             * @property {number|null} [version] Tag version
             * @property {Uint8Array|null} [rootHash] Tag rootHash
             * @property {number|null} [timeMs] Tag timeMs
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Tag.
             * @memberof nacre.v1
             * @interface ITag
             * @augments nacre.v1.Tag.$Properties
             * @deprecated Use nacre.v1.Tag.$Properties instead.
             */

            /**
             * Shape of a Tag.
             * @typedef {nacre.v1.Tag.$Properties} nacre.v1.Tag.$Shape
             */

            /**
             * Constructs a new Tag.
             * @memberof nacre.v1
             * @classdesc Represents a Tag.
             * @constructor
             * @param {nacre.v1.Tag.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Tag = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Tag name.
             * @member {string} name
             * @memberof nacre.v1.Tag
             * @instance
             */
            Tag.prototype.name = "";

            /**
             * Tag version.
             * @member {number} version
             * @memberof nacre.v1.Tag
             * @instance
             */
            Tag.prototype.version = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Tag rootHash.
             * @member {Uint8Array} rootHash
             * @memberof nacre.v1.Tag
             * @instance
             */
            Tag.prototype.rootHash = $util.newBuffer([]);

            /**
             * Tag timeMs.
             * @member {number} timeMs
             * @memberof nacre.v1.Tag
             * @instance
             */
            Tag.prototype.timeMs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Creates a new Tag instance using the specified properties.
             * @function create
             * @memberof nacre.v1.Tag
             * @static
             * @param {nacre.v1.Tag.$Properties=} [properties] Properties to set
             * @returns {nacre.v1.Tag} Tag instance
             * @type {{
             *   (properties: nacre.v1.Tag.$Shape): nacre.v1.Tag & nacre.v1.Tag.$Shape;
             *   (properties?: nacre.v1.Tag.$Properties): nacre.v1.Tag;
             * }}
             */
            Tag.create = function(properties) {
                return new Tag(properties);
            };

            /**
             * Encodes the specified Tag message. Does not implicitly {@link nacre.v1.Tag.verify|verify} messages.
             * @function encode
             * @memberof nacre.v1.Tag
             * @static
             * @param {nacre.v1.Tag.$Properties} message Tag message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Tag.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.name != null && $Object.hasOwnProperty.call(message, "name") && message.name !== "")
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.name);
                if (message.version != null && $Object.hasOwnProperty.call(message, "version") && (typeof message.version === "object" ? message.version.low || message.version.high : message.version !== 0))
                    writer.uint32(/* id 2, wireType 0 =*/16).uint64(message.version);
                if (message.rootHash != null && $Object.hasOwnProperty.call(message, "rootHash") && message.rootHash.length)
                    writer.uint32(/* id 3, wireType 2 =*/26).bytes(message.rootHash);
                if (message.timeMs != null && $Object.hasOwnProperty.call(message, "timeMs") && (typeof message.timeMs === "object" ? message.timeMs.low || message.timeMs.high : message.timeMs !== 0))
                    writer.uint32(/* id 4, wireType 0 =*/32).uint64(message.timeMs);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a Tag message from the specified reader or buffer.
             * @function decode
             * @memberof nacre.v1.Tag
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {nacre.v1.Tag & nacre.v1.Tag.$Shape} Tag
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Tag.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.nacre.v1.Tag();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.name = value;
                            else
                                delete message.name;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.version = value;
                            else
                                delete message.version;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.rootHash = value;
                            else
                                delete message.rootHash;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.timeMs = value;
                            else
                                delete message.timeMs;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Tag;
        })();

        v1.Kept = (function() {

            /**
             * Properties of a Kept.
             * @typedef {Object} nacre.v1.Kept.$Properties
             * @property {number|null} [from] Kept from
             * @property {Array.<number>|null} [also] Kept also
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Kept.
             * @memberof nacre.v1
             * @interface IKept
             * @augments nacre.v1.Kept.$Properties
             * @deprecated Use nacre.v1.Kept.$Properties instead.
             */

            /**
             * Shape of a Kept.
             * @typedef {nacre.v1.Kept.$Properties} nacre.v1.Kept.$Shape
             */

            /**
             * Constructs a new Kept.
             * @memberof nacre.v1
             * @classdesc Represents a Kept.
             * @constructor
             * @param {nacre.v1.Kept.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Kept = function (properties) {
                this.also = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Kept from.
             * @member {number} from
             * @memberof nacre.v1.Kept
             * @instance
             */
            Kept.prototype.from = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Kept also.
             * @member {Array.<number>} also
             * @memberof nacre.v1.Kept
             * @instance
             */
            Kept.prototype.also = $util.emptyArray;

            /**
             * Creates a new Kept instance using the specified properties.
             * @function create
             * @memberof nacre.v1.Kept
             * @static
             * @param {nacre.v1.Kept.$Properties=} [properties] Properties to set
             * @returns {nacre.v1.Kept} Kept instance
             * @type {{
             *   (properties: nacre.v1.Kept.$Shape): nacre.v1.Kept & nacre.v1.Kept.$Shape;
             *   (properties?: nacre.v1.Kept.$Properties): nacre.v1.Kept;
             * }}
             */
            Kept.create = function(properties) {
                return new Kept(properties);
            };

            /**
             * Encodes the specified Kept message. Does not implicitly {@link nacre.v1.Kept.verify|verify} messages.
             * @function encode
             * @memberof nacre.v1.Kept
             * @static
             * @param {nacre.v1.Kept.$Properties} message Kept message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Kept.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.from != null && $Object.hasOwnProperty.call(message, "from") && (typeof message.from === "object" ? message.from.low || message.from.high : message.from !== 0))
                    writer.uint32(/* id 1, wireType 0 =*/8).uint64(message.from);
                if (message.also != null && message.also.length)
                    writer.uint32(/* id 2, wireType 2 =*/18).uint64s(message.also);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a Kept message from the specified reader or buffer.
             * @function decode
             * @memberof nacre.v1.Kept
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {nacre.v1.Kept & nacre.v1.Kept.$Shape} Kept
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Kept.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.nacre.v1.Kept();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.from = value;
                            else
                                delete message.from;
                            continue;
                        }
                    case 2: {
                            if (wireType === 2) {
                                if (!(message.also && message.also.length))
                                    message.also = [];
                                reader.uint64s(message.also);
                                continue;
                            }
                            if (wireType !== 0)
                                break;
                            if (!(message.also && message.also.length))
                                message.also = [];
                            message.also.push(reader.uint64());
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Kept;
        })();

        v1.Fence = (function() {

            /**
             * Properties of a Fence.
             * @typedef {Object} nacre.v1.Fence.$Properties
             * @property {number|null} [version] Fence version
             * @property {Uint8Array|null} [plan] Fence plan
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Fence.
             * @memberof nacre.v1
             * @interface IFence
             * @augments nacre.v1.Fence.$Properties
             * @deprecated Use nacre.v1.Fence.$Properties instead.
             */

            /**
             * Shape of a Fence.
             * @typedef {nacre.v1.Fence.$Properties} nacre.v1.Fence.$Shape
             */

            /**
             * Constructs a new Fence.
             * @memberof nacre.v1
             * @classdesc Represents a Fence.
             * @constructor
             * @param {nacre.v1.Fence.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Fence = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Fence version.
             * @member {number} version
             * @memberof nacre.v1.Fence
             * @instance
             */
            Fence.prototype.version = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Fence plan.
             * @member {Uint8Array} plan
             * @memberof nacre.v1.Fence
             * @instance
             */
            Fence.prototype.plan = $util.newBuffer([]);

            /**
             * Creates a new Fence instance using the specified properties.
             * @function create
             * @memberof nacre.v1.Fence
             * @static
             * @param {nacre.v1.Fence.$Properties=} [properties] Properties to set
             * @returns {nacre.v1.Fence} Fence instance
             * @type {{
             *   (properties: nacre.v1.Fence.$Shape): nacre.v1.Fence & nacre.v1.Fence.$Shape;
             *   (properties?: nacre.v1.Fence.$Properties): nacre.v1.Fence;
             * }}
             */
            Fence.create = function(properties) {
                return new Fence(properties);
            };

            /**
             * Encodes the specified Fence message. Does not implicitly {@link nacre.v1.Fence.verify|verify} messages.
             * @function encode
             * @memberof nacre.v1.Fence
             * @static
             * @param {nacre.v1.Fence.$Properties} message Fence message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Fence.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.version != null && $Object.hasOwnProperty.call(message, "version") && (typeof message.version === "object" ? message.version.low || message.version.high : message.version !== 0))
                    writer.uint32(/* id 1, wireType 0 =*/8).uint64(message.version);
                if (message.plan != null && $Object.hasOwnProperty.call(message, "plan") && message.plan.length)
                    writer.uint32(/* id 2, wireType 2 =*/18).bytes(message.plan);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a Fence message from the specified reader or buffer.
             * @function decode
             * @memberof nacre.v1.Fence
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {nacre.v1.Fence & nacre.v1.Fence.$Shape} Fence
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Fence.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.nacre.v1.Fence();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.version = value;
                            else
                                delete message.version;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.plan = value;
                            else
                                delete message.plan;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Fence;
        })();

        v1.Plan = (function() {

            /**
             * Properties of a Plan.
             * @typedef {Object} nacre.v1.Plan.$Properties
             * @property {Array.<number>|null} [requiredFeatures] Plan requiredFeatures
             * @property {Uint8Array|null} [dataset] Plan dataset
             * @property {number|null} [version] Plan version
             * @property {Uint8Array|null} [rootHash] Plan rootHash
             * @property {number|null} [timeMs] Plan timeMs
             * @property {Array.<nacre.v1.PlannedObjects.$Properties>|null} [objects] Plan objects
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Plan.
             * @memberof nacre.v1
             * @interface IPlan
             * @augments nacre.v1.Plan.$Properties
             * @deprecated Use nacre.v1.Plan.$Properties instead.
             */

            /**
             * Shape of a Plan.
             * @typedef {nacre.v1.Plan.$Properties} nacre.v1.Plan.$Shape
             */

            /**
             * Constructs a new Plan.
             * @memberof nacre.v1
             * @classdesc Represents a Plan.
             * @constructor
             * @param {nacre.v1.Plan.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Plan = function (properties) {
                this.requiredFeatures = [];
                this.objects = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Plan requiredFeatures.
             * @member {Array.<number>} requiredFeatures
             * @memberof nacre.v1.Plan
             * @instance
             */
            Plan.prototype.requiredFeatures = $util.emptyArray;

            /**
             * Plan dataset.
             * @member {Uint8Array} dataset
             * @memberof nacre.v1.Plan
             * @instance
             */
            Plan.prototype.dataset = $util.newBuffer([]);

            /**
             * Plan version.
             * @member {number} version
             * @memberof nacre.v1.Plan
             * @instance
             */
            Plan.prototype.version = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Plan rootHash.
             * @member {Uint8Array} rootHash
             * @memberof nacre.v1.Plan
             * @instance
             */
            Plan.prototype.rootHash = $util.newBuffer([]);

            /**
             * Plan timeMs.
             * @member {number} timeMs
             * @memberof nacre.v1.Plan
             * @instance
             */
            Plan.prototype.timeMs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Plan objects.
             * @member {Array.<nacre.v1.PlannedObjects.$Properties>} objects
             * @memberof nacre.v1.Plan
             * @instance
             */
            Plan.prototype.objects = $util.emptyArray;

            /**
             * Creates a new Plan instance using the specified properties.
             * @function create
             * @memberof nacre.v1.Plan
             * @static
             * @param {nacre.v1.Plan.$Properties=} [properties] Properties to set
             * @returns {nacre.v1.Plan} Plan instance
             * @type {{
             *   (properties: nacre.v1.Plan.$Shape): nacre.v1.Plan & nacre.v1.Plan.$Shape;
             *   (properties?: nacre.v1.Plan.$Properties): nacre.v1.Plan;
             * }}
             */
            Plan.create = function(properties) {
                return new Plan(properties);
            };

            /**
             * Encodes the specified Plan message. Does not implicitly {@link nacre.v1.Plan.verify|verify} messages.
             * @function encode
             * @memberof nacre.v1.Plan
             * @static
             * @param {nacre.v1.Plan.$Properties} message Plan message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Plan.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.requiredFeatures != null && message.requiredFeatures.length)
                    writer.uint32(/* id 1, wireType 2 =*/10).uint32s(message.requiredFeatures);
                if (message.dataset != null && $Object.hasOwnProperty.call(message, "dataset") && message.dataset.length)
                    writer.uint32(/* id 2, wireType 2 =*/18).bytes(message.dataset);
                if (message.version != null && $Object.hasOwnProperty.call(message, "version") && (typeof message.version === "object" ? message.version.low || message.version.high : message.version !== 0))
                    writer.uint32(/* id 3, wireType 0 =*/24).uint64(message.version);
                if (message.rootHash != null && $Object.hasOwnProperty.call(message, "rootHash") && message.rootHash.length)
                    writer.uint32(/* id 4, wireType 2 =*/34).bytes(message.rootHash);
                if (message.timeMs != null && $Object.hasOwnProperty.call(message, "timeMs") && (typeof message.timeMs === "object" ? message.timeMs.low || message.timeMs.high : message.timeMs !== 0))
                    writer.uint32(/* id 5, wireType 0 =*/40).uint64(message.timeMs);
                if (message.objects != null && message.objects.length)
                    for (let i = 0; i < message.objects.length; ++i)
                        $root.nacre.v1.PlannedObjects.encode(message.objects[i], writer.uint32(/* id 6, wireType 2 =*/50).fork(), _depth + 1).ldelim();
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a Plan message from the specified reader or buffer.
             * @function decode
             * @memberof nacre.v1.Plan
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {nacre.v1.Plan & nacre.v1.Plan.$Shape} Plan
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Plan.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.nacre.v1.Plan();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType === 2) {
                                if (!(message.requiredFeatures && message.requiredFeatures.length))
                                    message.requiredFeatures = [];
                                reader.uint32s(message.requiredFeatures);
                                continue;
                            }
                            if (wireType !== 0)
                                break;
                            if (!(message.requiredFeatures && message.requiredFeatures.length))
                                message.requiredFeatures = [];
                            message.requiredFeatures.push(reader.uint32());
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.dataset = value;
                            else
                                delete message.dataset;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.version = value;
                            else
                                delete message.version;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.rootHash = value;
                            else
                                delete message.rootHash;
                            continue;
                        }
                    case 5: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.timeMs = value;
                            else
                                delete message.timeMs;
                            continue;
                        }
                    case 6: {
                            if (wireType !== 2)
                                break;
                            if (!(message.objects && message.objects.length))
                                message.objects = [];
                            message.objects.push($root.nacre.v1.PlannedObjects.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Plan;
        })();

        v1.PlannedObjects = (function() {

            /**
             * Properties of a PlannedObjects.
             * @typedef {Object} nacre.v1.PlannedObjects.$Properties
             * @property {nacre.v1.KeyPattern.$Properties|null} [pattern] PlannedObjects pattern
             * @property {Uint8Array|null} [ids] PlannedObjects ids
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a PlannedObjects.
             * @memberof nacre.v1
             * @interface IPlannedObjects
             * @augments nacre.v1.PlannedObjects.$Properties
             * @deprecated Use nacre.v1.PlannedObjects.$Properties instead.
             */

            /**
             * Shape of a PlannedObjects.
             * @typedef {nacre.v1.PlannedObjects.$Properties} nacre.v1.PlannedObjects.$Shape
             */

            /**
             * Constructs a new PlannedObjects.
             * @memberof nacre.v1
             * @classdesc Represents a PlannedObjects.
             * @constructor
             * @param {nacre.v1.PlannedObjects.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const PlannedObjects = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * PlannedObjects pattern.
             * @member {nacre.v1.KeyPattern.$Properties|null|undefined} pattern
             * @memberof nacre.v1.PlannedObjects
             * @instance
             */
            PlannedObjects.prototype.pattern = null;

            /**
             * PlannedObjects ids.
             * @member {Uint8Array} ids
             * @memberof nacre.v1.PlannedObjects
             * @instance
             */
            PlannedObjects.prototype.ids = $util.newBuffer([]);

            /**
             * Creates a new PlannedObjects instance using the specified properties.
             * @function create
             * @memberof nacre.v1.PlannedObjects
             * @static
             * @param {nacre.v1.PlannedObjects.$Properties=} [properties] Properties to set
             * @returns {nacre.v1.PlannedObjects} PlannedObjects instance
             * @type {{
             *   (properties: nacre.v1.PlannedObjects.$Shape): nacre.v1.PlannedObjects & nacre.v1.PlannedObjects.$Shape;
             *   (properties?: nacre.v1.PlannedObjects.$Properties): nacre.v1.PlannedObjects;
             * }}
             */
            PlannedObjects.create = function(properties) {
                return new PlannedObjects(properties);
            };

            /**
             * Encodes the specified PlannedObjects message. Does not implicitly {@link nacre.v1.PlannedObjects.verify|verify} messages.
             * @function encode
             * @memberof nacre.v1.PlannedObjects
             * @static
             * @param {nacre.v1.PlannedObjects.$Properties} message PlannedObjects message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            PlannedObjects.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.pattern != null && $Object.hasOwnProperty.call(message, "pattern"))
                    $root.nacre.v1.KeyPattern.encode(message.pattern, writer.uint32(/* id 1, wireType 2 =*/10).fork(), _depth + 1).ldelim();
                if (message.ids != null && $Object.hasOwnProperty.call(message, "ids") && message.ids.length)
                    writer.uint32(/* id 2, wireType 2 =*/18).bytes(message.ids);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a PlannedObjects message from the specified reader or buffer.
             * @function decode
             * @memberof nacre.v1.PlannedObjects
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {nacre.v1.PlannedObjects & nacre.v1.PlannedObjects.$Shape} PlannedObjects
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            PlannedObjects.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.nacre.v1.PlannedObjects();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            message.pattern = $root.nacre.v1.KeyPattern.decode(reader, reader.size(), $undefined, _depth + 1, message.pattern);
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.ids = value;
                            else
                                delete message.ids;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return PlannedObjects;
        })();

        v1.Lease = (function() {

            /**
             * Properties of a Lease.
             * @typedef {Object} nacre.v1.Lease.$Properties
             * @property {Array.<number>|null} [requiredFeatures] Lease requiredFeatures
             * @property {Uint8Array|null} [dataset] Lease dataset
             * @property {number|null} [version] Lease version
             * @property {Uint8Array|null} [rootHash] Lease rootHash
             * @property {number|null} [madeMs] Lease madeMs
             * @property {number|null} [untilMs] Lease untilMs
             * @property {string|null} [holder] Lease holder
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Lease.
             * @memberof nacre.v1
             * @interface ILease
             * @augments nacre.v1.Lease.$Properties
             * @deprecated Use nacre.v1.Lease.$Properties instead.
             */

            /**
             * Shape of a Lease.
             * @typedef {nacre.v1.Lease.$Properties} nacre.v1.Lease.$Shape
             */

            /**
             * Constructs a new Lease.
             * @memberof nacre.v1
             * @classdesc Represents a Lease.
             * @constructor
             * @param {nacre.v1.Lease.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Lease = function (properties) {
                this.requiredFeatures = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Lease requiredFeatures.
             * @member {Array.<number>} requiredFeatures
             * @memberof nacre.v1.Lease
             * @instance
             */
            Lease.prototype.requiredFeatures = $util.emptyArray;

            /**
             * Lease dataset.
             * @member {Uint8Array} dataset
             * @memberof nacre.v1.Lease
             * @instance
             */
            Lease.prototype.dataset = $util.newBuffer([]);

            /**
             * Lease version.
             * @member {number} version
             * @memberof nacre.v1.Lease
             * @instance
             */
            Lease.prototype.version = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Lease rootHash.
             * @member {Uint8Array} rootHash
             * @memberof nacre.v1.Lease
             * @instance
             */
            Lease.prototype.rootHash = $util.newBuffer([]);

            /**
             * Lease madeMs.
             * @member {number} madeMs
             * @memberof nacre.v1.Lease
             * @instance
             */
            Lease.prototype.madeMs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Lease untilMs.
             * @member {number} untilMs
             * @memberof nacre.v1.Lease
             * @instance
             */
            Lease.prototype.untilMs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Lease holder.
             * @member {string} holder
             * @memberof nacre.v1.Lease
             * @instance
             */
            Lease.prototype.holder = "";

            /**
             * Creates a new Lease instance using the specified properties.
             * @function create
             * @memberof nacre.v1.Lease
             * @static
             * @param {nacre.v1.Lease.$Properties=} [properties] Properties to set
             * @returns {nacre.v1.Lease} Lease instance
             * @type {{
             *   (properties: nacre.v1.Lease.$Shape): nacre.v1.Lease & nacre.v1.Lease.$Shape;
             *   (properties?: nacre.v1.Lease.$Properties): nacre.v1.Lease;
             * }}
             */
            Lease.create = function(properties) {
                return new Lease(properties);
            };

            /**
             * Encodes the specified Lease message. Does not implicitly {@link nacre.v1.Lease.verify|verify} messages.
             * @function encode
             * @memberof nacre.v1.Lease
             * @static
             * @param {nacre.v1.Lease.$Properties} message Lease message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Lease.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.requiredFeatures != null && message.requiredFeatures.length)
                    writer.uint32(/* id 1, wireType 2 =*/10).uint32s(message.requiredFeatures);
                if (message.dataset != null && $Object.hasOwnProperty.call(message, "dataset") && message.dataset.length)
                    writer.uint32(/* id 2, wireType 2 =*/18).bytes(message.dataset);
                if (message.version != null && $Object.hasOwnProperty.call(message, "version") && (typeof message.version === "object" ? message.version.low || message.version.high : message.version !== 0))
                    writer.uint32(/* id 3, wireType 0 =*/24).uint64(message.version);
                if (message.rootHash != null && $Object.hasOwnProperty.call(message, "rootHash") && message.rootHash.length)
                    writer.uint32(/* id 4, wireType 2 =*/34).bytes(message.rootHash);
                if (message.madeMs != null && $Object.hasOwnProperty.call(message, "madeMs") && (typeof message.madeMs === "object" ? message.madeMs.low || message.madeMs.high : message.madeMs !== 0))
                    writer.uint32(/* id 5, wireType 0 =*/40).uint64(message.madeMs);
                if (message.untilMs != null && $Object.hasOwnProperty.call(message, "untilMs") && (typeof message.untilMs === "object" ? message.untilMs.low || message.untilMs.high : message.untilMs !== 0))
                    writer.uint32(/* id 6, wireType 0 =*/48).uint64(message.untilMs);
                if (message.holder != null && $Object.hasOwnProperty.call(message, "holder") && message.holder !== "")
                    writer.uint32(/* id 7, wireType 2 =*/58).string(message.holder);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a Lease message from the specified reader or buffer.
             * @function decode
             * @memberof nacre.v1.Lease
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {nacre.v1.Lease & nacre.v1.Lease.$Shape} Lease
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Lease.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.nacre.v1.Lease();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType === 2) {
                                if (!(message.requiredFeatures && message.requiredFeatures.length))
                                    message.requiredFeatures = [];
                                reader.uint32s(message.requiredFeatures);
                                continue;
                            }
                            if (wireType !== 0)
                                break;
                            if (!(message.requiredFeatures && message.requiredFeatures.length))
                                message.requiredFeatures = [];
                            message.requiredFeatures.push(reader.uint32());
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.dataset = value;
                            else
                                delete message.dataset;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.version = value;
                            else
                                delete message.version;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.rootHash = value;
                            else
                                delete message.rootHash;
                            continue;
                        }
                    case 5: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.madeMs = value;
                            else
                                delete message.madeMs;
                            continue;
                        }
                    case 6: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.untilMs = value;
                            else
                                delete message.untilMs;
                            continue;
                        }
                    case 7: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.holder = value;
                            else
                                delete message.holder;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Lease;
        })();

        v1.Point = (function() {

            /**
             * Properties of a Point.
             * @typedef {Object} nacre.v1.Point.$Properties
             * @property {Array.<number>|null} [requiredFeatures] Point requiredFeatures
             * @property {boolean|null} [revoked] Point revoked
             * @property {Uint8Array|null} [dataset] Point dataset
             * @property {Uint8Array|null} [lineage] Point lineage
             * @property {number|null} [version] Point version
             * @property {Uint8Array|null} [rootHash] Point rootHash
             * @property {string|null} [uri] Point uri
             * @property {string|null} [server] Point server
             * @property {number|null} [madeMs] Point madeMs
             * @property {number|null} [rootTimeMs] Point rootTimeMs
             * @property {string|null} [label] Point label
             * @property {number|null} [newObjects] Point newObjects
             * @property {number|null} [newBytes] Point newBytes
             * @property {number|null} [arrays] Point arrays
             * @property {number|null} [rows] Point rows
             * @property {number|null} [lockUntilMs] Point lockUntilMs
             * @property {number|null} [objectsLockUntilMs] Point objectsLockUntilMs
             * @property {nacre.v1.LockMode|null} [lockMode] Point lockMode
             * @property {Array.<nacre.v1.MovedObjects.$Properties>|null} [moved] Point moved
             * @property {Array.<nacre.v1.MovedRoot.$Properties>|null} [movedRoots] Point movedRoots
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Point.
             * @memberof nacre.v1
             * @interface IPoint
             * @augments nacre.v1.Point.$Properties
             * @deprecated Use nacre.v1.Point.$Properties instead.
             */

            /**
             * Shape of a Point.
             * @typedef {nacre.v1.Point.$Properties} nacre.v1.Point.$Shape
             */

            /**
             * Constructs a new Point.
             * @memberof nacre.v1
             * @classdesc Represents a Point.
             * @constructor
             * @param {nacre.v1.Point.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Point = function (properties) {
                this.requiredFeatures = [];
                this.moved = [];
                this.movedRoots = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Point requiredFeatures.
             * @member {Array.<number>} requiredFeatures
             * @memberof nacre.v1.Point
             * @instance
             */
            Point.prototype.requiredFeatures = $util.emptyArray;

            /**
             * Point revoked.
             * @member {boolean} revoked
             * @memberof nacre.v1.Point
             * @instance
             */
            Point.prototype.revoked = false;

            /**
             * Point dataset.
             * @member {Uint8Array} dataset
             * @memberof nacre.v1.Point
             * @instance
             */
            Point.prototype.dataset = $util.newBuffer([]);

            /**
             * Point lineage.
             * @member {Uint8Array} lineage
             * @memberof nacre.v1.Point
             * @instance
             */
            Point.prototype.lineage = $util.newBuffer([]);

            /**
             * Point version.
             * @member {number} version
             * @memberof nacre.v1.Point
             * @instance
             */
            Point.prototype.version = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Point rootHash.
             * @member {Uint8Array} rootHash
             * @memberof nacre.v1.Point
             * @instance
             */
            Point.prototype.rootHash = $util.newBuffer([]);

            /**
             * Point uri.
             * @member {string} uri
             * @memberof nacre.v1.Point
             * @instance
             */
            Point.prototype.uri = "";

            /**
             * Point server.
             * @member {string} server
             * @memberof nacre.v1.Point
             * @instance
             */
            Point.prototype.server = "";

            /**
             * Point madeMs.
             * @member {number} madeMs
             * @memberof nacre.v1.Point
             * @instance
             */
            Point.prototype.madeMs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Point rootTimeMs.
             * @member {number} rootTimeMs
             * @memberof nacre.v1.Point
             * @instance
             */
            Point.prototype.rootTimeMs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Point label.
             * @member {string} label
             * @memberof nacre.v1.Point
             * @instance
             */
            Point.prototype.label = "";

            /**
             * Point newObjects.
             * @member {number} newObjects
             * @memberof nacre.v1.Point
             * @instance
             */
            Point.prototype.newObjects = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Point newBytes.
             * @member {number} newBytes
             * @memberof nacre.v1.Point
             * @instance
             */
            Point.prototype.newBytes = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Point arrays.
             * @member {number} arrays
             * @memberof nacre.v1.Point
             * @instance
             */
            Point.prototype.arrays = 0;

            /**
             * Point rows.
             * @member {number} rows
             * @memberof nacre.v1.Point
             * @instance
             */
            Point.prototype.rows = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Point lockUntilMs.
             * @member {number} lockUntilMs
             * @memberof nacre.v1.Point
             * @instance
             */
            Point.prototype.lockUntilMs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Point objectsLockUntilMs.
             * @member {number} objectsLockUntilMs
             * @memberof nacre.v1.Point
             * @instance
             */
            Point.prototype.objectsLockUntilMs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Point lockMode.
             * @member {nacre.v1.LockMode} lockMode
             * @memberof nacre.v1.Point
             * @instance
             */
            Point.prototype.lockMode = 0;

            /**
             * Point moved.
             * @member {Array.<nacre.v1.MovedObjects.$Properties>} moved
             * @memberof nacre.v1.Point
             * @instance
             */
            Point.prototype.moved = $util.emptyArray;

            /**
             * Point movedRoots.
             * @member {Array.<nacre.v1.MovedRoot.$Properties>} movedRoots
             * @memberof nacre.v1.Point
             * @instance
             */
            Point.prototype.movedRoots = $util.emptyArray;

            /**
             * Creates a new Point instance using the specified properties.
             * @function create
             * @memberof nacre.v1.Point
             * @static
             * @param {nacre.v1.Point.$Properties=} [properties] Properties to set
             * @returns {nacre.v1.Point} Point instance
             * @type {{
             *   (properties: nacre.v1.Point.$Shape): nacre.v1.Point & nacre.v1.Point.$Shape;
             *   (properties?: nacre.v1.Point.$Properties): nacre.v1.Point;
             * }}
             */
            Point.create = function(properties) {
                return new Point(properties);
            };

            /**
             * Encodes the specified Point message. Does not implicitly {@link nacre.v1.Point.verify|verify} messages.
             * @function encode
             * @memberof nacre.v1.Point
             * @static
             * @param {nacre.v1.Point.$Properties} message Point message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Point.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.requiredFeatures != null && message.requiredFeatures.length)
                    writer.uint32(/* id 1, wireType 2 =*/10).uint32s(message.requiredFeatures);
                if (message.revoked != null && $Object.hasOwnProperty.call(message, "revoked") && message.revoked !== false)
                    writer.uint32(/* id 2, wireType 0 =*/16).bool(message.revoked);
                if (message.dataset != null && $Object.hasOwnProperty.call(message, "dataset") && message.dataset.length)
                    writer.uint32(/* id 3, wireType 2 =*/26).bytes(message.dataset);
                if (message.lineage != null && $Object.hasOwnProperty.call(message, "lineage") && message.lineage.length)
                    writer.uint32(/* id 4, wireType 2 =*/34).bytes(message.lineage);
                if (message.version != null && $Object.hasOwnProperty.call(message, "version") && (typeof message.version === "object" ? message.version.low || message.version.high : message.version !== 0))
                    writer.uint32(/* id 5, wireType 0 =*/40).uint64(message.version);
                if (message.rootHash != null && $Object.hasOwnProperty.call(message, "rootHash") && message.rootHash.length)
                    writer.uint32(/* id 6, wireType 2 =*/50).bytes(message.rootHash);
                if (message.uri != null && $Object.hasOwnProperty.call(message, "uri") && message.uri !== "")
                    writer.uint32(/* id 7, wireType 2 =*/58).string(message.uri);
                if (message.server != null && $Object.hasOwnProperty.call(message, "server") && message.server !== "")
                    writer.uint32(/* id 8, wireType 2 =*/66).string(message.server);
                if (message.madeMs != null && $Object.hasOwnProperty.call(message, "madeMs") && (typeof message.madeMs === "object" ? message.madeMs.low || message.madeMs.high : message.madeMs !== 0))
                    writer.uint32(/* id 9, wireType 0 =*/72).uint64(message.madeMs);
                if (message.rootTimeMs != null && $Object.hasOwnProperty.call(message, "rootTimeMs") && (typeof message.rootTimeMs === "object" ? message.rootTimeMs.low || message.rootTimeMs.high : message.rootTimeMs !== 0))
                    writer.uint32(/* id 10, wireType 0 =*/80).uint64(message.rootTimeMs);
                if (message.label != null && $Object.hasOwnProperty.call(message, "label") && message.label !== "")
                    writer.uint32(/* id 11, wireType 2 =*/90).string(message.label);
                if (message.newObjects != null && $Object.hasOwnProperty.call(message, "newObjects") && (typeof message.newObjects === "object" ? message.newObjects.low || message.newObjects.high : message.newObjects !== 0))
                    writer.uint32(/* id 12, wireType 0 =*/96).uint64(message.newObjects);
                if (message.newBytes != null && $Object.hasOwnProperty.call(message, "newBytes") && (typeof message.newBytes === "object" ? message.newBytes.low || message.newBytes.high : message.newBytes !== 0))
                    writer.uint32(/* id 13, wireType 0 =*/104).uint64(message.newBytes);
                if (message.arrays != null && $Object.hasOwnProperty.call(message, "arrays") && message.arrays !== 0)
                    writer.uint32(/* id 14, wireType 0 =*/112).uint32(message.arrays);
                if (message.rows != null && $Object.hasOwnProperty.call(message, "rows") && (typeof message.rows === "object" ? message.rows.low || message.rows.high : message.rows !== 0))
                    writer.uint32(/* id 15, wireType 0 =*/120).uint64(message.rows);
                if (message.lockUntilMs != null && $Object.hasOwnProperty.call(message, "lockUntilMs") && (typeof message.lockUntilMs === "object" ? message.lockUntilMs.low || message.lockUntilMs.high : message.lockUntilMs !== 0))
                    writer.uint32(/* id 16, wireType 0 =*/128).uint64(message.lockUntilMs);
                if (message.objectsLockUntilMs != null && $Object.hasOwnProperty.call(message, "objectsLockUntilMs") && (typeof message.objectsLockUntilMs === "object" ? message.objectsLockUntilMs.low || message.objectsLockUntilMs.high : message.objectsLockUntilMs !== 0))
                    writer.uint32(/* id 17, wireType 0 =*/136).uint64(message.objectsLockUntilMs);
                if (message.lockMode != null && $Object.hasOwnProperty.call(message, "lockMode") && message.lockMode !== 0)
                    writer.uint32(/* id 18, wireType 0 =*/144).int32(message.lockMode);
                if (message.moved != null && message.moved.length)
                    for (let i = 0; i < message.moved.length; ++i)
                        $root.nacre.v1.MovedObjects.encode(message.moved[i], writer.uint32(/* id 19, wireType 2 =*/154).fork(), _depth + 1).ldelim();
                if (message.movedRoots != null && message.movedRoots.length)
                    for (let i = 0; i < message.movedRoots.length; ++i)
                        $root.nacre.v1.MovedRoot.encode(message.movedRoots[i], writer.uint32(/* id 20, wireType 2 =*/162).fork(), _depth + 1).ldelim();
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a Point message from the specified reader or buffer.
             * @function decode
             * @memberof nacre.v1.Point
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {nacre.v1.Point & nacre.v1.Point.$Shape} Point
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Point.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.nacre.v1.Point();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType === 2) {
                                if (!(message.requiredFeatures && message.requiredFeatures.length))
                                    message.requiredFeatures = [];
                                reader.uint32s(message.requiredFeatures);
                                continue;
                            }
                            if (wireType !== 0)
                                break;
                            if (!(message.requiredFeatures && message.requiredFeatures.length))
                                message.requiredFeatures = [];
                            message.requiredFeatures.push(reader.uint32());
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.bool())
                                message.revoked = value;
                            else
                                delete message.revoked;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.dataset = value;
                            else
                                delete message.dataset;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.lineage = value;
                            else
                                delete message.lineage;
                            continue;
                        }
                    case 5: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.version = value;
                            else
                                delete message.version;
                            continue;
                        }
                    case 6: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.rootHash = value;
                            else
                                delete message.rootHash;
                            continue;
                        }
                    case 7: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.uri = value;
                            else
                                delete message.uri;
                            continue;
                        }
                    case 8: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.server = value;
                            else
                                delete message.server;
                            continue;
                        }
                    case 9: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.madeMs = value;
                            else
                                delete message.madeMs;
                            continue;
                        }
                    case 10: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.rootTimeMs = value;
                            else
                                delete message.rootTimeMs;
                            continue;
                        }
                    case 11: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.label = value;
                            else
                                delete message.label;
                            continue;
                        }
                    case 12: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.newObjects = value;
                            else
                                delete message.newObjects;
                            continue;
                        }
                    case 13: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.newBytes = value;
                            else
                                delete message.newBytes;
                            continue;
                        }
                    case 14: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.arrays = value;
                            else
                                delete message.arrays;
                            continue;
                        }
                    case 15: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.rows = value;
                            else
                                delete message.rows;
                            continue;
                        }
                    case 16: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.lockUntilMs = value;
                            else
                                delete message.lockUntilMs;
                            continue;
                        }
                    case 17: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.objectsLockUntilMs = value;
                            else
                                delete message.objectsLockUntilMs;
                            continue;
                        }
                    case 18: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.int32())
                                message.lockMode = value;
                            else
                                delete message.lockMode;
                            continue;
                        }
                    case 19: {
                            if (wireType !== 2)
                                break;
                            if (!(message.moved && message.moved.length))
                                message.moved = [];
                            message.moved.push($root.nacre.v1.MovedObjects.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    case 20: {
                            if (wireType !== 2)
                                break;
                            if (!(message.movedRoots && message.movedRoots.length))
                                message.movedRoots = [];
                            message.movedRoots.push($root.nacre.v1.MovedRoot.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Point;
        })();

        /**
         * LockMode enum.
         * @name nacre.v1.LockMode
         * @enum {number}
         * @property {number} LOCK_MODE_NONE=0 LOCK_MODE_NONE value
         * @property {number} LOCK_MODE_GOVERNANCE=1 LOCK_MODE_GOVERNANCE value
         * @property {number} LOCK_MODE_COMPLIANCE=2 LOCK_MODE_COMPLIANCE value
         */
        v1.LockMode = (function() {
            const valuesById = $Object.create(null), values = $Object.create(valuesById);
            values[valuesById[0] = "LOCK_MODE_NONE"] = 0;
            values[valuesById[1] = "LOCK_MODE_GOVERNANCE"] = 1;
            values[valuesById[2] = "LOCK_MODE_COMPLIANCE"] = 2;
            return values;
        })();

        v1.MovedObjects = (function() {

            /**
             * Properties of a MovedObjects.
             * @typedef {Object} nacre.v1.MovedObjects.$Properties
             * @property {nacre.v1.KeyPattern.$Properties|null} [pattern] MovedObjects pattern
             * @property {Uint8Array|null} [ids] MovedObjects ids
             * @property {Uint8Array|null} [places] MovedObjects places
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a MovedObjects.
             * @memberof nacre.v1
             * @interface IMovedObjects
             * @augments nacre.v1.MovedObjects.$Properties
             * @deprecated Use nacre.v1.MovedObjects.$Properties instead.
             */

            /**
             * Shape of a MovedObjects.
             * @typedef {nacre.v1.MovedObjects.$Properties} nacre.v1.MovedObjects.$Shape
             */

            /**
             * Constructs a new MovedObjects.
             * @memberof nacre.v1
             * @classdesc Represents a MovedObjects.
             * @constructor
             * @param {nacre.v1.MovedObjects.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const MovedObjects = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * MovedObjects pattern.
             * @member {nacre.v1.KeyPattern.$Properties|null|undefined} pattern
             * @memberof nacre.v1.MovedObjects
             * @instance
             */
            MovedObjects.prototype.pattern = null;

            /**
             * MovedObjects ids.
             * @member {Uint8Array} ids
             * @memberof nacre.v1.MovedObjects
             * @instance
             */
            MovedObjects.prototype.ids = $util.newBuffer([]);

            /**
             * MovedObjects places.
             * @member {Uint8Array} places
             * @memberof nacre.v1.MovedObjects
             * @instance
             */
            MovedObjects.prototype.places = $util.newBuffer([]);

            /**
             * Creates a new MovedObjects instance using the specified properties.
             * @function create
             * @memberof nacre.v1.MovedObjects
             * @static
             * @param {nacre.v1.MovedObjects.$Properties=} [properties] Properties to set
             * @returns {nacre.v1.MovedObjects} MovedObjects instance
             * @type {{
             *   (properties: nacre.v1.MovedObjects.$Shape): nacre.v1.MovedObjects & nacre.v1.MovedObjects.$Shape;
             *   (properties?: nacre.v1.MovedObjects.$Properties): nacre.v1.MovedObjects;
             * }}
             */
            MovedObjects.create = function(properties) {
                return new MovedObjects(properties);
            };

            /**
             * Encodes the specified MovedObjects message. Does not implicitly {@link nacre.v1.MovedObjects.verify|verify} messages.
             * @function encode
             * @memberof nacre.v1.MovedObjects
             * @static
             * @param {nacre.v1.MovedObjects.$Properties} message MovedObjects message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            MovedObjects.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.pattern != null && $Object.hasOwnProperty.call(message, "pattern"))
                    $root.nacre.v1.KeyPattern.encode(message.pattern, writer.uint32(/* id 1, wireType 2 =*/10).fork(), _depth + 1).ldelim();
                if (message.ids != null && $Object.hasOwnProperty.call(message, "ids") && message.ids.length)
                    writer.uint32(/* id 2, wireType 2 =*/18).bytes(message.ids);
                if (message.places != null && $Object.hasOwnProperty.call(message, "places") && message.places.length)
                    writer.uint32(/* id 3, wireType 2 =*/26).bytes(message.places);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a MovedObjects message from the specified reader or buffer.
             * @function decode
             * @memberof nacre.v1.MovedObjects
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {nacre.v1.MovedObjects & nacre.v1.MovedObjects.$Shape} MovedObjects
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            MovedObjects.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.nacre.v1.MovedObjects();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            message.pattern = $root.nacre.v1.KeyPattern.decode(reader, reader.size(), $undefined, _depth + 1, message.pattern);
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.ids = value;
                            else
                                delete message.ids;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.places = value;
                            else
                                delete message.places;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return MovedObjects;
        })();

        v1.MovedRoot = (function() {

            /**
             * Properties of a MovedRoot.
             * @typedef {Object} nacre.v1.MovedRoot.$Properties
             * @property {number|null} [version] MovedRoot version
             * @property {Uint8Array|null} [id] MovedRoot id
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a MovedRoot.
             * @memberof nacre.v1
             * @interface IMovedRoot
             * @augments nacre.v1.MovedRoot.$Properties
             * @deprecated Use nacre.v1.MovedRoot.$Properties instead.
             */

            /**
             * Shape of a MovedRoot.
             * @typedef {nacre.v1.MovedRoot.$Properties} nacre.v1.MovedRoot.$Shape
             */

            /**
             * Constructs a new MovedRoot.
             * @memberof nacre.v1
             * @classdesc Represents a MovedRoot.
             * @constructor
             * @param {nacre.v1.MovedRoot.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const MovedRoot = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * MovedRoot version.
             * @member {number} version
             * @memberof nacre.v1.MovedRoot
             * @instance
             */
            MovedRoot.prototype.version = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * MovedRoot id.
             * @member {Uint8Array} id
             * @memberof nacre.v1.MovedRoot
             * @instance
             */
            MovedRoot.prototype.id = $util.newBuffer([]);

            /**
             * Creates a new MovedRoot instance using the specified properties.
             * @function create
             * @memberof nacre.v1.MovedRoot
             * @static
             * @param {nacre.v1.MovedRoot.$Properties=} [properties] Properties to set
             * @returns {nacre.v1.MovedRoot} MovedRoot instance
             * @type {{
             *   (properties: nacre.v1.MovedRoot.$Shape): nacre.v1.MovedRoot & nacre.v1.MovedRoot.$Shape;
             *   (properties?: nacre.v1.MovedRoot.$Properties): nacre.v1.MovedRoot;
             * }}
             */
            MovedRoot.create = function(properties) {
                return new MovedRoot(properties);
            };

            /**
             * Encodes the specified MovedRoot message. Does not implicitly {@link nacre.v1.MovedRoot.verify|verify} messages.
             * @function encode
             * @memberof nacre.v1.MovedRoot
             * @static
             * @param {nacre.v1.MovedRoot.$Properties} message MovedRoot message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            MovedRoot.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.version != null && $Object.hasOwnProperty.call(message, "version") && (typeof message.version === "object" ? message.version.low || message.version.high : message.version !== 0))
                    writer.uint32(/* id 1, wireType 0 =*/8).uint64(message.version);
                if (message.id != null && $Object.hasOwnProperty.call(message, "id") && message.id.length)
                    writer.uint32(/* id 2, wireType 2 =*/18).bytes(message.id);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a MovedRoot message from the specified reader or buffer.
             * @function decode
             * @memberof nacre.v1.MovedRoot
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {nacre.v1.MovedRoot & nacre.v1.MovedRoot.$Shape} MovedRoot
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            MovedRoot.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.nacre.v1.MovedRoot();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.version = value;
                            else
                                delete message.version;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.id = value;
                            else
                                delete message.id;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return MovedRoot;
        })();

        v1.Draft = (function() {

            /**
             * Properties of a Draft.
             * @typedef {Object} nacre.v1.Draft.$Properties
             * @property {Array.<number>|null} [requiredFeatures] Draft requiredFeatures
             * @property {Uint8Array|null} [dataset] Draft dataset
             * @property {string|null} [point] Draft point
             * @property {number|null} [madeMs] Draft madeMs
             * @property {number|null} [untilMs] Draft untilMs
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Draft.
             * @memberof nacre.v1
             * @interface IDraft
             * @augments nacre.v1.Draft.$Properties
             * @deprecated Use nacre.v1.Draft.$Properties instead.
             */

            /**
             * Shape of a Draft.
             * @typedef {nacre.v1.Draft.$Properties} nacre.v1.Draft.$Shape
             */

            /**
             * Constructs a new Draft.
             * @memberof nacre.v1
             * @classdesc Represents a Draft.
             * @constructor
             * @param {nacre.v1.Draft.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Draft = function (properties) {
                this.requiredFeatures = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Draft requiredFeatures.
             * @member {Array.<number>} requiredFeatures
             * @memberof nacre.v1.Draft
             * @instance
             */
            Draft.prototype.requiredFeatures = $util.emptyArray;

            /**
             * Draft dataset.
             * @member {Uint8Array} dataset
             * @memberof nacre.v1.Draft
             * @instance
             */
            Draft.prototype.dataset = $util.newBuffer([]);

            /**
             * Draft point.
             * @member {string} point
             * @memberof nacre.v1.Draft
             * @instance
             */
            Draft.prototype.point = "";

            /**
             * Draft madeMs.
             * @member {number} madeMs
             * @memberof nacre.v1.Draft
             * @instance
             */
            Draft.prototype.madeMs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Draft untilMs.
             * @member {number} untilMs
             * @memberof nacre.v1.Draft
             * @instance
             */
            Draft.prototype.untilMs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Creates a new Draft instance using the specified properties.
             * @function create
             * @memberof nacre.v1.Draft
             * @static
             * @param {nacre.v1.Draft.$Properties=} [properties] Properties to set
             * @returns {nacre.v1.Draft} Draft instance
             * @type {{
             *   (properties: nacre.v1.Draft.$Shape): nacre.v1.Draft & nacre.v1.Draft.$Shape;
             *   (properties?: nacre.v1.Draft.$Properties): nacre.v1.Draft;
             * }}
             */
            Draft.create = function(properties) {
                return new Draft(properties);
            };

            /**
             * Encodes the specified Draft message. Does not implicitly {@link nacre.v1.Draft.verify|verify} messages.
             * @function encode
             * @memberof nacre.v1.Draft
             * @static
             * @param {nacre.v1.Draft.$Properties} message Draft message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Draft.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.requiredFeatures != null && message.requiredFeatures.length)
                    writer.uint32(/* id 1, wireType 2 =*/10).uint32s(message.requiredFeatures);
                if (message.dataset != null && $Object.hasOwnProperty.call(message, "dataset") && message.dataset.length)
                    writer.uint32(/* id 2, wireType 2 =*/18).bytes(message.dataset);
                if (message.point != null && $Object.hasOwnProperty.call(message, "point") && message.point !== "")
                    writer.uint32(/* id 3, wireType 2 =*/26).string(message.point);
                if (message.madeMs != null && $Object.hasOwnProperty.call(message, "madeMs") && (typeof message.madeMs === "object" ? message.madeMs.low || message.madeMs.high : message.madeMs !== 0))
                    writer.uint32(/* id 4, wireType 0 =*/32).uint64(message.madeMs);
                if (message.untilMs != null && $Object.hasOwnProperty.call(message, "untilMs") && (typeof message.untilMs === "object" ? message.untilMs.low || message.untilMs.high : message.untilMs !== 0))
                    writer.uint32(/* id 5, wireType 0 =*/40).uint64(message.untilMs);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a Draft message from the specified reader or buffer.
             * @function decode
             * @memberof nacre.v1.Draft
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {nacre.v1.Draft & nacre.v1.Draft.$Shape} Draft
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Draft.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.nacre.v1.Draft();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType === 2) {
                                if (!(message.requiredFeatures && message.requiredFeatures.length))
                                    message.requiredFeatures = [];
                                reader.uint32s(message.requiredFeatures);
                                continue;
                            }
                            if (wireType !== 0)
                                break;
                            if (!(message.requiredFeatures && message.requiredFeatures.length))
                                message.requiredFeatures = [];
                            message.requiredFeatures.push(reader.uint32());
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.dataset = value;
                            else
                                delete message.dataset;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.point = value;
                            else
                                delete message.point;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.madeMs = value;
                            else
                                delete message.madeMs;
                            continue;
                        }
                    case 5: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.untilMs = value;
                            else
                                delete message.untilMs;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Draft;
        })();

        v1.ForgetPlan = (function() {

            /**
             * Properties of a ForgetPlan.
             * @typedef {Object} nacre.v1.ForgetPlan.$Properties
             * @property {Array.<number>|null} [requiredFeatures] ForgetPlan requiredFeatures
             * @property {number|null} [timeMs] ForgetPlan timeMs
             * @property {Array.<nacre.v1.PlannedObjects.$Properties>|null} [objects] ForgetPlan objects
             * @property {Array.<number>|null} [roots] ForgetPlan roots
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a ForgetPlan.
             * @memberof nacre.v1
             * @interface IForgetPlan
             * @augments nacre.v1.ForgetPlan.$Properties
             * @deprecated Use nacre.v1.ForgetPlan.$Properties instead.
             */

            /**
             * Shape of a ForgetPlan.
             * @typedef {nacre.v1.ForgetPlan.$Properties} nacre.v1.ForgetPlan.$Shape
             */

            /**
             * Constructs a new ForgetPlan.
             * @memberof nacre.v1
             * @classdesc Represents a ForgetPlan.
             * @constructor
             * @param {nacre.v1.ForgetPlan.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const ForgetPlan = function (properties) {
                this.requiredFeatures = [];
                this.objects = [];
                this.roots = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * ForgetPlan requiredFeatures.
             * @member {Array.<number>} requiredFeatures
             * @memberof nacre.v1.ForgetPlan
             * @instance
             */
            ForgetPlan.prototype.requiredFeatures = $util.emptyArray;

            /**
             * ForgetPlan timeMs.
             * @member {number} timeMs
             * @memberof nacre.v1.ForgetPlan
             * @instance
             */
            ForgetPlan.prototype.timeMs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * ForgetPlan objects.
             * @member {Array.<nacre.v1.PlannedObjects.$Properties>} objects
             * @memberof nacre.v1.ForgetPlan
             * @instance
             */
            ForgetPlan.prototype.objects = $util.emptyArray;

            /**
             * ForgetPlan roots.
             * @member {Array.<number>} roots
             * @memberof nacre.v1.ForgetPlan
             * @instance
             */
            ForgetPlan.prototype.roots = $util.emptyArray;

            /**
             * Creates a new ForgetPlan instance using the specified properties.
             * @function create
             * @memberof nacre.v1.ForgetPlan
             * @static
             * @param {nacre.v1.ForgetPlan.$Properties=} [properties] Properties to set
             * @returns {nacre.v1.ForgetPlan} ForgetPlan instance
             * @type {{
             *   (properties: nacre.v1.ForgetPlan.$Shape): nacre.v1.ForgetPlan & nacre.v1.ForgetPlan.$Shape;
             *   (properties?: nacre.v1.ForgetPlan.$Properties): nacre.v1.ForgetPlan;
             * }}
             */
            ForgetPlan.create = function(properties) {
                return new ForgetPlan(properties);
            };

            /**
             * Encodes the specified ForgetPlan message. Does not implicitly {@link nacre.v1.ForgetPlan.verify|verify} messages.
             * @function encode
             * @memberof nacre.v1.ForgetPlan
             * @static
             * @param {nacre.v1.ForgetPlan.$Properties} message ForgetPlan message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            ForgetPlan.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.requiredFeatures != null && message.requiredFeatures.length)
                    writer.uint32(/* id 1, wireType 2 =*/10).uint32s(message.requiredFeatures);
                if (message.timeMs != null && $Object.hasOwnProperty.call(message, "timeMs") && (typeof message.timeMs === "object" ? message.timeMs.low || message.timeMs.high : message.timeMs !== 0))
                    writer.uint32(/* id 2, wireType 0 =*/16).uint64(message.timeMs);
                if (message.objects != null && message.objects.length)
                    for (let i = 0; i < message.objects.length; ++i)
                        $root.nacre.v1.PlannedObjects.encode(message.objects[i], writer.uint32(/* id 3, wireType 2 =*/26).fork(), _depth + 1).ldelim();
                if (message.roots != null && message.roots.length)
                    writer.uint32(/* id 4, wireType 2 =*/34).uint64s(message.roots);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a ForgetPlan message from the specified reader or buffer.
             * @function decode
             * @memberof nacre.v1.ForgetPlan
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {nacre.v1.ForgetPlan & nacre.v1.ForgetPlan.$Shape} ForgetPlan
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            ForgetPlan.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.nacre.v1.ForgetPlan();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType === 2) {
                                if (!(message.requiredFeatures && message.requiredFeatures.length))
                                    message.requiredFeatures = [];
                                reader.uint32s(message.requiredFeatures);
                                continue;
                            }
                            if (wireType !== 0)
                                break;
                            if (!(message.requiredFeatures && message.requiredFeatures.length))
                                message.requiredFeatures = [];
                            message.requiredFeatures.push(reader.uint32());
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.timeMs = value;
                            else
                                delete message.timeMs;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 2)
                                break;
                            if (!(message.objects && message.objects.length))
                                message.objects = [];
                            message.objects.push($root.nacre.v1.PlannedObjects.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    case 4: {
                            if (wireType === 2) {
                                if (!(message.roots && message.roots.length))
                                    message.roots = [];
                                reader.uint64s(message.roots);
                                continue;
                            }
                            if (wireType !== 0)
                                break;
                            if (!(message.roots && message.roots.length))
                                message.roots = [];
                            message.roots.push(reader.uint64());
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return ForgetPlan;
        })();

        v1.Replica = (function() {

            /**
             * Properties of a Replica.
             * @typedef {Object} nacre.v1.Replica.$Properties
             * @property {Array.<number>|null} [requiredFeatures] Replica requiredFeatures
             * @property {Uint8Array|null} [dataset] Replica dataset
             * @property {string|null} [uri] Replica uri
             * @property {string|null} [server] Replica server
             * @property {number|null} [version] Replica version
             * @property {Uint8Array|null} [rootHash] Replica rootHash
             * @property {number|null} [timeMs] Replica timeMs
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Replica.
             * @memberof nacre.v1
             * @interface IReplica
             * @augments nacre.v1.Replica.$Properties
             * @deprecated Use nacre.v1.Replica.$Properties instead.
             */

            /**
             * Shape of a Replica.
             * @typedef {nacre.v1.Replica.$Properties} nacre.v1.Replica.$Shape
             */

            /**
             * Constructs a new Replica.
             * @memberof nacre.v1
             * @classdesc Represents a Replica.
             * @constructor
             * @param {nacre.v1.Replica.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Replica = function (properties) {
                this.requiredFeatures = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Replica requiredFeatures.
             * @member {Array.<number>} requiredFeatures
             * @memberof nacre.v1.Replica
             * @instance
             */
            Replica.prototype.requiredFeatures = $util.emptyArray;

            /**
             * Replica dataset.
             * @member {Uint8Array} dataset
             * @memberof nacre.v1.Replica
             * @instance
             */
            Replica.prototype.dataset = $util.newBuffer([]);

            /**
             * Replica uri.
             * @member {string} uri
             * @memberof nacre.v1.Replica
             * @instance
             */
            Replica.prototype.uri = "";

            /**
             * Replica server.
             * @member {string} server
             * @memberof nacre.v1.Replica
             * @instance
             */
            Replica.prototype.server = "";

            /**
             * Replica version.
             * @member {number} version
             * @memberof nacre.v1.Replica
             * @instance
             */
            Replica.prototype.version = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Replica rootHash.
             * @member {Uint8Array} rootHash
             * @memberof nacre.v1.Replica
             * @instance
             */
            Replica.prototype.rootHash = $util.newBuffer([]);

            /**
             * Replica timeMs.
             * @member {number} timeMs
             * @memberof nacre.v1.Replica
             * @instance
             */
            Replica.prototype.timeMs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Creates a new Replica instance using the specified properties.
             * @function create
             * @memberof nacre.v1.Replica
             * @static
             * @param {nacre.v1.Replica.$Properties=} [properties] Properties to set
             * @returns {nacre.v1.Replica} Replica instance
             * @type {{
             *   (properties: nacre.v1.Replica.$Shape): nacre.v1.Replica & nacre.v1.Replica.$Shape;
             *   (properties?: nacre.v1.Replica.$Properties): nacre.v1.Replica;
             * }}
             */
            Replica.create = function(properties) {
                return new Replica(properties);
            };

            /**
             * Encodes the specified Replica message. Does not implicitly {@link nacre.v1.Replica.verify|verify} messages.
             * @function encode
             * @memberof nacre.v1.Replica
             * @static
             * @param {nacre.v1.Replica.$Properties} message Replica message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Replica.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.requiredFeatures != null && message.requiredFeatures.length)
                    writer.uint32(/* id 1, wireType 2 =*/10).uint32s(message.requiredFeatures);
                if (message.dataset != null && $Object.hasOwnProperty.call(message, "dataset") && message.dataset.length)
                    writer.uint32(/* id 2, wireType 2 =*/18).bytes(message.dataset);
                if (message.uri != null && $Object.hasOwnProperty.call(message, "uri") && message.uri !== "")
                    writer.uint32(/* id 3, wireType 2 =*/26).string(message.uri);
                if (message.server != null && $Object.hasOwnProperty.call(message, "server") && message.server !== "")
                    writer.uint32(/* id 4, wireType 2 =*/34).string(message.server);
                if (message.version != null && $Object.hasOwnProperty.call(message, "version") && (typeof message.version === "object" ? message.version.low || message.version.high : message.version !== 0))
                    writer.uint32(/* id 5, wireType 0 =*/40).uint64(message.version);
                if (message.rootHash != null && $Object.hasOwnProperty.call(message, "rootHash") && message.rootHash.length)
                    writer.uint32(/* id 6, wireType 2 =*/50).bytes(message.rootHash);
                if (message.timeMs != null && $Object.hasOwnProperty.call(message, "timeMs") && (typeof message.timeMs === "object" ? message.timeMs.low || message.timeMs.high : message.timeMs !== 0))
                    writer.uint32(/* id 7, wireType 0 =*/56).uint64(message.timeMs);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a Replica message from the specified reader or buffer.
             * @function decode
             * @memberof nacre.v1.Replica
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {nacre.v1.Replica & nacre.v1.Replica.$Shape} Replica
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Replica.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.nacre.v1.Replica();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType === 2) {
                                if (!(message.requiredFeatures && message.requiredFeatures.length))
                                    message.requiredFeatures = [];
                                reader.uint32s(message.requiredFeatures);
                                continue;
                            }
                            if (wireType !== 0)
                                break;
                            if (!(message.requiredFeatures && message.requiredFeatures.length))
                                message.requiredFeatures = [];
                            message.requiredFeatures.push(reader.uint32());
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.dataset = value;
                            else
                                delete message.dataset;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.uri = value;
                            else
                                delete message.uri;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.server = value;
                            else
                                delete message.server;
                            continue;
                        }
                    case 5: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.version = value;
                            else
                                delete message.version;
                            continue;
                        }
                    case 6: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.rootHash = value;
                            else
                                delete message.rootHash;
                            continue;
                        }
                    case 7: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.timeMs = value;
                            else
                                delete message.timeMs;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Replica;
        })();

        v1.ParityShard = (function() {

            /**
             * Properties of a ParityShard.
             * @typedef {Object} nacre.v1.ParityShard.$Properties
             * @property {Array.<number>|null} [requiredFeatures] ParityShard requiredFeatures
             * @property {Uint8Array|null} [dataset] ParityShard dataset
             * @property {Uint8Array|null} [array] ParityShard array
             * @property {Uint8Array|null} [group] ParityShard group
             * @property {nacre.v1.Parity.$Properties|null} [policy] ParityShard policy
             * @property {number|null} [number] ParityShard number
             * @property {number|null} [shardBytes] ParityShard shardBytes
             * @property {Array.<nacre.v1.ParityMember.$Properties>|null} [members] ParityShard members
             * @property {Array.<nacre.v1.ParityObject.$Properties>|null} [shards] ParityShard shards
             * @property {number|null} [blockBytes] ParityShard blockBytes
             * @property {Uint8Array|null} [blocks] ParityShard blocks
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a ParityShard.
             * @memberof nacre.v1
             * @interface IParityShard
             * @augments nacre.v1.ParityShard.$Properties
             * @deprecated Use nacre.v1.ParityShard.$Properties instead.
             */

            /**
             * Shape of a ParityShard.
             * @typedef {nacre.v1.ParityShard.$Properties} nacre.v1.ParityShard.$Shape
             */

            /**
             * Constructs a new ParityShard.
             * @memberof nacre.v1
             * @classdesc Represents a ParityShard.
             * @constructor
             * @param {nacre.v1.ParityShard.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const ParityShard = function (properties) {
                this.requiredFeatures = [];
                this.members = [];
                this.shards = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * ParityShard requiredFeatures.
             * @member {Array.<number>} requiredFeatures
             * @memberof nacre.v1.ParityShard
             * @instance
             */
            ParityShard.prototype.requiredFeatures = $util.emptyArray;

            /**
             * ParityShard dataset.
             * @member {Uint8Array} dataset
             * @memberof nacre.v1.ParityShard
             * @instance
             */
            ParityShard.prototype.dataset = $util.newBuffer([]);

            /**
             * ParityShard array.
             * @member {Uint8Array} array
             * @memberof nacre.v1.ParityShard
             * @instance
             */
            ParityShard.prototype.array = $util.newBuffer([]);

            /**
             * ParityShard group.
             * @member {Uint8Array} group
             * @memberof nacre.v1.ParityShard
             * @instance
             */
            ParityShard.prototype.group = $util.newBuffer([]);

            /**
             * ParityShard policy.
             * @member {nacre.v1.Parity.$Properties|null|undefined} policy
             * @memberof nacre.v1.ParityShard
             * @instance
             */
            ParityShard.prototype.policy = null;

            /**
             * ParityShard number.
             * @member {number} number
             * @memberof nacre.v1.ParityShard
             * @instance
             */
            ParityShard.prototype.number = 0;

            /**
             * ParityShard shardBytes.
             * @member {number} shardBytes
             * @memberof nacre.v1.ParityShard
             * @instance
             */
            ParityShard.prototype.shardBytes = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * ParityShard members.
             * @member {Array.<nacre.v1.ParityMember.$Properties>} members
             * @memberof nacre.v1.ParityShard
             * @instance
             */
            ParityShard.prototype.members = $util.emptyArray;

            /**
             * ParityShard shards.
             * @member {Array.<nacre.v1.ParityObject.$Properties>} shards
             * @memberof nacre.v1.ParityShard
             * @instance
             */
            ParityShard.prototype.shards = $util.emptyArray;

            /**
             * ParityShard blockBytes.
             * @member {number} blockBytes
             * @memberof nacre.v1.ParityShard
             * @instance
             */
            ParityShard.prototype.blockBytes = 0;

            /**
             * ParityShard blocks.
             * @member {Uint8Array} blocks
             * @memberof nacre.v1.ParityShard
             * @instance
             */
            ParityShard.prototype.blocks = $util.newBuffer([]);

            /**
             * Creates a new ParityShard instance using the specified properties.
             * @function create
             * @memberof nacre.v1.ParityShard
             * @static
             * @param {nacre.v1.ParityShard.$Properties=} [properties] Properties to set
             * @returns {nacre.v1.ParityShard} ParityShard instance
             * @type {{
             *   (properties: nacre.v1.ParityShard.$Shape): nacre.v1.ParityShard & nacre.v1.ParityShard.$Shape;
             *   (properties?: nacre.v1.ParityShard.$Properties): nacre.v1.ParityShard;
             * }}
             */
            ParityShard.create = function(properties) {
                return new ParityShard(properties);
            };

            /**
             * Encodes the specified ParityShard message. Does not implicitly {@link nacre.v1.ParityShard.verify|verify} messages.
             * @function encode
             * @memberof nacre.v1.ParityShard
             * @static
             * @param {nacre.v1.ParityShard.$Properties} message ParityShard message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            ParityShard.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.requiredFeatures != null && message.requiredFeatures.length)
                    writer.uint32(/* id 1, wireType 2 =*/10).uint32s(message.requiredFeatures);
                if (message.dataset != null && $Object.hasOwnProperty.call(message, "dataset") && message.dataset.length)
                    writer.uint32(/* id 2, wireType 2 =*/18).bytes(message.dataset);
                if (message.array != null && $Object.hasOwnProperty.call(message, "array") && message.array.length)
                    writer.uint32(/* id 3, wireType 2 =*/26).bytes(message.array);
                if (message.group != null && $Object.hasOwnProperty.call(message, "group") && message.group.length)
                    writer.uint32(/* id 4, wireType 2 =*/34).bytes(message.group);
                if (message.policy != null && $Object.hasOwnProperty.call(message, "policy"))
                    $root.nacre.v1.Parity.encode(message.policy, writer.uint32(/* id 5, wireType 2 =*/42).fork(), _depth + 1).ldelim();
                if (message.number != null && $Object.hasOwnProperty.call(message, "number") && message.number !== 0)
                    writer.uint32(/* id 6, wireType 0 =*/48).uint32(message.number);
                if (message.shardBytes != null && $Object.hasOwnProperty.call(message, "shardBytes") && (typeof message.shardBytes === "object" ? message.shardBytes.low || message.shardBytes.high : message.shardBytes !== 0))
                    writer.uint32(/* id 7, wireType 0 =*/56).uint64(message.shardBytes);
                if (message.members != null && message.members.length)
                    for (let i = 0; i < message.members.length; ++i)
                        $root.nacre.v1.ParityMember.encode(message.members[i], writer.uint32(/* id 8, wireType 2 =*/66).fork(), _depth + 1).ldelim();
                if (message.shards != null && message.shards.length)
                    for (let i = 0; i < message.shards.length; ++i)
                        $root.nacre.v1.ParityObject.encode(message.shards[i], writer.uint32(/* id 9, wireType 2 =*/74).fork(), _depth + 1).ldelim();
                if (message.blockBytes != null && $Object.hasOwnProperty.call(message, "blockBytes") && message.blockBytes !== 0)
                    writer.uint32(/* id 10, wireType 0 =*/80).uint32(message.blockBytes);
                if (message.blocks != null && $Object.hasOwnProperty.call(message, "blocks") && message.blocks.length)
                    writer.uint32(/* id 11, wireType 2 =*/90).bytes(message.blocks);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a ParityShard message from the specified reader or buffer.
             * @function decode
             * @memberof nacre.v1.ParityShard
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {nacre.v1.ParityShard & nacre.v1.ParityShard.$Shape} ParityShard
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            ParityShard.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.nacre.v1.ParityShard();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType === 2) {
                                if (!(message.requiredFeatures && message.requiredFeatures.length))
                                    message.requiredFeatures = [];
                                reader.uint32s(message.requiredFeatures);
                                continue;
                            }
                            if (wireType !== 0)
                                break;
                            if (!(message.requiredFeatures && message.requiredFeatures.length))
                                message.requiredFeatures = [];
                            message.requiredFeatures.push(reader.uint32());
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.dataset = value;
                            else
                                delete message.dataset;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.array = value;
                            else
                                delete message.array;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.group = value;
                            else
                                delete message.group;
                            continue;
                        }
                    case 5: {
                            if (wireType !== 2)
                                break;
                            message.policy = $root.nacre.v1.Parity.decode(reader, reader.size(), $undefined, _depth + 1, message.policy);
                            continue;
                        }
                    case 6: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.number = value;
                            else
                                delete message.number;
                            continue;
                        }
                    case 7: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.shardBytes = value;
                            else
                                delete message.shardBytes;
                            continue;
                        }
                    case 8: {
                            if (wireType !== 2)
                                break;
                            if (!(message.members && message.members.length))
                                message.members = [];
                            message.members.push($root.nacre.v1.ParityMember.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    case 9: {
                            if (wireType !== 2)
                                break;
                            if (!(message.shards && message.shards.length))
                                message.shards = [];
                            message.shards.push($root.nacre.v1.ParityObject.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    case 10: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.blockBytes = value;
                            else
                                delete message.blockBytes;
                            continue;
                        }
                    case 11: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.blocks = value;
                            else
                                delete message.blocks;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return ParityShard;
        })();

        v1.ParityMember = (function() {

            /**
             * Properties of a ParityMember.
             * @typedef {Object} nacre.v1.ParityMember.$Properties
             * @property {string|null} [key] ParityMember key
             * @property {number|null} [sizeBytes] ParityMember sizeBytes
             * @property {Uint8Array|null} [hash] ParityMember hash
             * @property {number|null} [crc32c] ParityMember crc32c
             * @property {number|null} [blockBytes] ParityMember blockBytes
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a ParityMember.
             * @memberof nacre.v1
             * @interface IParityMember
             * @augments nacre.v1.ParityMember.$Properties
             * @deprecated Use nacre.v1.ParityMember.$Properties instead.
             */

            /**
             * Shape of a ParityMember.
             * @typedef {nacre.v1.ParityMember.$Properties} nacre.v1.ParityMember.$Shape
             */

            /**
             * Constructs a new ParityMember.
             * @memberof nacre.v1
             * @classdesc Represents a ParityMember.
             * @constructor
             * @param {nacre.v1.ParityMember.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const ParityMember = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * ParityMember key.
             * @member {string} key
             * @memberof nacre.v1.ParityMember
             * @instance
             */
            ParityMember.prototype.key = "";

            /**
             * ParityMember sizeBytes.
             * @member {number} sizeBytes
             * @memberof nacre.v1.ParityMember
             * @instance
             */
            ParityMember.prototype.sizeBytes = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * ParityMember hash.
             * @member {Uint8Array} hash
             * @memberof nacre.v1.ParityMember
             * @instance
             */
            ParityMember.prototype.hash = $util.newBuffer([]);

            /**
             * ParityMember crc32c.
             * @member {number} crc32c
             * @memberof nacre.v1.ParityMember
             * @instance
             */
            ParityMember.prototype.crc32c = 0;

            /**
             * ParityMember blockBytes.
             * @member {number} blockBytes
             * @memberof nacre.v1.ParityMember
             * @instance
             */
            ParityMember.prototype.blockBytes = 0;

            /**
             * Creates a new ParityMember instance using the specified properties.
             * @function create
             * @memberof nacre.v1.ParityMember
             * @static
             * @param {nacre.v1.ParityMember.$Properties=} [properties] Properties to set
             * @returns {nacre.v1.ParityMember} ParityMember instance
             * @type {{
             *   (properties: nacre.v1.ParityMember.$Shape): nacre.v1.ParityMember & nacre.v1.ParityMember.$Shape;
             *   (properties?: nacre.v1.ParityMember.$Properties): nacre.v1.ParityMember;
             * }}
             */
            ParityMember.create = function(properties) {
                return new ParityMember(properties);
            };

            /**
             * Encodes the specified ParityMember message. Does not implicitly {@link nacre.v1.ParityMember.verify|verify} messages.
             * @function encode
             * @memberof nacre.v1.ParityMember
             * @static
             * @param {nacre.v1.ParityMember.$Properties} message ParityMember message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            ParityMember.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.key != null && $Object.hasOwnProperty.call(message, "key") && message.key !== "")
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.key);
                if (message.sizeBytes != null && $Object.hasOwnProperty.call(message, "sizeBytes") && (typeof message.sizeBytes === "object" ? message.sizeBytes.low || message.sizeBytes.high : message.sizeBytes !== 0))
                    writer.uint32(/* id 2, wireType 0 =*/16).uint64(message.sizeBytes);
                if (message.hash != null && $Object.hasOwnProperty.call(message, "hash") && message.hash.length)
                    writer.uint32(/* id 3, wireType 2 =*/26).bytes(message.hash);
                if (message.crc32c != null && $Object.hasOwnProperty.call(message, "crc32c") && message.crc32c !== 0)
                    writer.uint32(/* id 4, wireType 5 =*/37).fixed32(message.crc32c);
                if (message.blockBytes != null && $Object.hasOwnProperty.call(message, "blockBytes") && message.blockBytes !== 0)
                    writer.uint32(/* id 5, wireType 0 =*/40).uint32(message.blockBytes);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a ParityMember message from the specified reader or buffer.
             * @function decode
             * @memberof nacre.v1.ParityMember
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {nacre.v1.ParityMember & nacre.v1.ParityMember.$Shape} ParityMember
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            ParityMember.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.nacre.v1.ParityMember();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.key = value;
                            else
                                delete message.key;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.sizeBytes = value;
                            else
                                delete message.sizeBytes;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.hash = value;
                            else
                                delete message.hash;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 5)
                                break;
                            if (value = reader.fixed32())
                                message.crc32c = value;
                            else
                                delete message.crc32c;
                            continue;
                        }
                    case 5: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.blockBytes = value;
                            else
                                delete message.blockBytes;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return ParityMember;
        })();

        v1.ParityObject = (function() {

            /**
             * Properties of a ParityObject.
             * @typedef {Object} nacre.v1.ParityObject.$Properties
             * @property {Uint8Array|null} [id] ParityObject id
             * @property {Uint8Array|null} [hash] ParityObject hash
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a ParityObject.
             * @memberof nacre.v1
             * @interface IParityObject
             * @augments nacre.v1.ParityObject.$Properties
             * @deprecated Use nacre.v1.ParityObject.$Properties instead.
             */

            /**
             * Shape of a ParityObject.
             * @typedef {nacre.v1.ParityObject.$Properties} nacre.v1.ParityObject.$Shape
             */

            /**
             * Constructs a new ParityObject.
             * @memberof nacre.v1
             * @classdesc Represents a ParityObject.
             * @constructor
             * @param {nacre.v1.ParityObject.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const ParityObject = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * ParityObject id.
             * @member {Uint8Array} id
             * @memberof nacre.v1.ParityObject
             * @instance
             */
            ParityObject.prototype.id = $util.newBuffer([]);

            /**
             * ParityObject hash.
             * @member {Uint8Array} hash
             * @memberof nacre.v1.ParityObject
             * @instance
             */
            ParityObject.prototype.hash = $util.newBuffer([]);

            /**
             * Creates a new ParityObject instance using the specified properties.
             * @function create
             * @memberof nacre.v1.ParityObject
             * @static
             * @param {nacre.v1.ParityObject.$Properties=} [properties] Properties to set
             * @returns {nacre.v1.ParityObject} ParityObject instance
             * @type {{
             *   (properties: nacre.v1.ParityObject.$Shape): nacre.v1.ParityObject & nacre.v1.ParityObject.$Shape;
             *   (properties?: nacre.v1.ParityObject.$Properties): nacre.v1.ParityObject;
             * }}
             */
            ParityObject.create = function(properties) {
                return new ParityObject(properties);
            };

            /**
             * Encodes the specified ParityObject message. Does not implicitly {@link nacre.v1.ParityObject.verify|verify} messages.
             * @function encode
             * @memberof nacre.v1.ParityObject
             * @static
             * @param {nacre.v1.ParityObject.$Properties} message ParityObject message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            ParityObject.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.id != null && $Object.hasOwnProperty.call(message, "id") && message.id.length)
                    writer.uint32(/* id 1, wireType 2 =*/10).bytes(message.id);
                if (message.hash != null && $Object.hasOwnProperty.call(message, "hash") && message.hash.length)
                    writer.uint32(/* id 2, wireType 2 =*/18).bytes(message.hash);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a ParityObject message from the specified reader or buffer.
             * @function decode
             * @memberof nacre.v1.ParityObject
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {nacre.v1.ParityObject & nacre.v1.ParityObject.$Shape} ParityObject
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            ParityObject.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.nacre.v1.ParityObject();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.id = value;
                            else
                                delete message.id;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.hash = value;
                            else
                                delete message.hash;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return ParityObject;
        })();

        return v1;
    })();

    return nacre;
})();

export {
  $root as default
};
