import * as $protobuf from "protobufjs";
import Long = require("long");

export namespace nacre {

    namespace v1 {

        interface IHint extends nacre.v1.Hint.$Properties {
        }

        class Hint {
            constructor(properties?: nacre.v1.Hint.$Properties);
            $unknowns?: Uint8Array[];
            dataset: Uint8Array;
            lineage: Uint8Array;
            home: string;
            role: nacre.v1.Role;
            version: number;
            rootHash: Uint8Array;
            root: Uint8Array;
            server: string;
            writtenMs: number;
            restoring?: (nacre.v1.Restoring.$Properties|null);
            static create(properties: nacre.v1.Hint.$Shape): nacre.v1.Hint & nacre.v1.Hint.$Shape;
            static create(properties?: nacre.v1.Hint.$Properties): nacre.v1.Hint;
            static encode(message: nacre.v1.Hint.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): nacre.v1.Hint & nacre.v1.Hint.$Shape;
        }

        namespace Hint {
            interface $Properties {
                dataset?: (Uint8Array|null);
                lineage?: (Uint8Array|null);
                home?: (string|null);
                role?: (nacre.v1.Role|null);
                version?: (number|null);
                rootHash?: (Uint8Array|null);
                root?: (Uint8Array|null);
                server?: (string|null);
                writtenMs?: (number|null);
                restoring?: (nacre.v1.Restoring.$Properties|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = nacre.v1.Hint.$Properties;
        }

        interface IRestoring extends nacre.v1.Restoring.$Properties {
        }

        class Restoring {
            constructor(properties?: nacre.v1.Restoring.$Properties);
            $unknowns?: Uint8Array[];
            source: string;
            version: number;
            rootHash: Uint8Array;
            only: boolean;
            static create(properties: nacre.v1.Restoring.$Shape): nacre.v1.Restoring & nacre.v1.Restoring.$Shape;
            static create(properties?: nacre.v1.Restoring.$Properties): nacre.v1.Restoring;
            static encode(message: nacre.v1.Restoring.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): nacre.v1.Restoring & nacre.v1.Restoring.$Shape;
        }

        namespace Restoring {
            interface $Properties {
                source?: (string|null);
                version?: (number|null);
                rootHash?: (Uint8Array|null);
                only?: (boolean|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = nacre.v1.Restoring.$Properties;
        }

        enum Role {
            ROLE_PRIMARY = 0,
            ROLE_REPLICA = 1
        }

        interface IRoot extends nacre.v1.Root.$Properties {
        }

        class Root {
            constructor(properties?: nacre.v1.Root.$Properties);
            $unknowns?: Uint8Array[];
            requiredFeatures: number[];
            dataset: Uint8Array;
            lineage: Uint8Array;
            version: number;
            parent?: (nacre.v1.Parent.$Properties|null);
            timeMs: number;
            commitId: Uint8Array;
            operations: nacre.v1.Operation.$Properties[];
            changes?: (nacre.v1.Changes.$Properties|null);
            arrays: nacre.v1.Array.$Properties[];
            objects?: (nacre.v1.ObjectTable.$Properties|null);
            setHash: Uint8Array;
            tags: nacre.v1.Tag.$Properties[];
            kept?: (nacre.v1.Kept.$Properties|null);
            fence?: (nacre.v1.Fence.$Properties|null);
            recentOperations: nacre.v1.RecentOperation.$Properties[];
            applications: nacre.v1.Application.$Properties[];
            olderOperations: nacre.v1.OperationsRef.$Properties[];
            hasParity: boolean;
            static create(properties: nacre.v1.Root.$Shape): nacre.v1.Root & nacre.v1.Root.$Shape;
            static create(properties?: nacre.v1.Root.$Properties): nacre.v1.Root;
            static encode(message: nacre.v1.Root.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): nacre.v1.Root & nacre.v1.Root.$Shape;
        }

        namespace Root {
            interface $Properties {
                requiredFeatures?: (number[]|null);
                dataset?: (Uint8Array|null);
                lineage?: (Uint8Array|null);
                version?: (number|null);
                parent?: (nacre.v1.Parent.$Properties|null);
                timeMs?: (number|null);
                commitId?: (Uint8Array|null);
                operations?: (nacre.v1.Operation.$Properties[]|null);
                changes?: (nacre.v1.Changes.$Properties|null);
                arrays?: (nacre.v1.Array.$Properties[]|null);
                objects?: (nacre.v1.ObjectTable.$Properties|null);
                setHash?: (Uint8Array|null);
                tags?: (nacre.v1.Tag.$Properties[]|null);
                kept?: (nacre.v1.Kept.$Properties|null);
                fence?: (nacre.v1.Fence.$Properties|null);
                recentOperations?: (nacre.v1.RecentOperation.$Properties[]|null);
                applications?: (nacre.v1.Application.$Properties[]|null);
                olderOperations?: (nacre.v1.OperationsRef.$Properties[]|null);
                hasParity?: (boolean|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = {
              requiredFeatures?: number[]|null;
              dataset?: Uint8Array|null;
              lineage?: Uint8Array|null;
              version?: number|null;
              parent?: nacre.v1.Parent.$Shape|null;
              timeMs?: number|null;
              commitId?: Uint8Array|null;
              operations?: nacre.v1.Operation.$Shape[]|null;
              changes?: nacre.v1.Changes.$Shape|null;
              arrays?: nacre.v1.Array.$Shape[]|null;
              objects?: nacre.v1.ObjectTable.$Shape|null;
              setHash?: Uint8Array|null;
              tags?: nacre.v1.Tag.$Shape[]|null;
              kept?: nacre.v1.Kept.$Shape|null;
              fence?: nacre.v1.Fence.$Shape|null;
              recentOperations?: nacre.v1.RecentOperation.$Shape[]|null;
              applications?: nacre.v1.Application.$Shape[]|null;
              olderOperations?: nacre.v1.OperationsRef.$Shape[]|null;
              hasParity?: boolean|null;
              $unknowns?: Uint8Array[];
            };
        }

        interface IParent extends nacre.v1.Parent.$Properties {
        }

        class Parent {
            constructor(properties?: nacre.v1.Parent.$Properties);
            $unknowns?: Uint8Array[];
            version: number;
            hash: Uint8Array;
            static create(properties: nacre.v1.Parent.$Shape): nacre.v1.Parent & nacre.v1.Parent.$Shape;
            static create(properties?: nacre.v1.Parent.$Properties): nacre.v1.Parent;
            static encode(message: nacre.v1.Parent.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): nacre.v1.Parent & nacre.v1.Parent.$Shape;
        }

        namespace Parent {
            interface $Properties {
                version?: (number|null);
                hash?: (Uint8Array|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = nacre.v1.Parent.$Properties;
        }

        interface IObjectTable extends nacre.v1.ObjectTable.$Properties {
        }

        class ObjectTable {
            constructor(properties?: nacre.v1.ObjectTable.$Properties);
            $unknowns?: Uint8Array[];
            patterns: nacre.v1.KeyPattern.$Properties[];
            objects: nacre.v1.ObjectRef.$Properties[];
            static create(properties: nacre.v1.ObjectTable.$Shape): nacre.v1.ObjectTable & nacre.v1.ObjectTable.$Shape;
            static create(properties?: nacre.v1.ObjectTable.$Properties): nacre.v1.ObjectTable;
            static encode(message: nacre.v1.ObjectTable.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): nacre.v1.ObjectTable & nacre.v1.ObjectTable.$Shape;
        }

        namespace ObjectTable {
            interface $Properties {
                patterns?: (nacre.v1.KeyPattern.$Properties[]|null);
                objects?: (nacre.v1.ObjectRef.$Properties[]|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = nacre.v1.ObjectTable.$Properties;
        }

        interface IKeyPattern extends nacre.v1.KeyPattern.$Properties {
        }

        class KeyPattern {
            constructor(properties?: nacre.v1.KeyPattern.$Properties);
            $unknowns?: Uint8Array[];
            prefix: string;
            suffix: string;
            whole: boolean;
            static create(properties: nacre.v1.KeyPattern.$Shape): nacre.v1.KeyPattern & nacre.v1.KeyPattern.$Shape;
            static create(properties?: nacre.v1.KeyPattern.$Properties): nacre.v1.KeyPattern;
            static encode(message: nacre.v1.KeyPattern.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): nacre.v1.KeyPattern & nacre.v1.KeyPattern.$Shape;
        }

        namespace KeyPattern {
            interface $Properties {
                prefix?: (string|null);
                suffix?: (string|null);
                whole?: (boolean|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = nacre.v1.KeyPattern.$Properties;
        }

        interface IObjectRef extends nacre.v1.ObjectRef.$Properties {
        }

        class ObjectRef {
            constructor(properties?: nacre.v1.ObjectRef.$Properties);
            $unknowns?: Uint8Array[];
            pattern: number;
            id: Uint8Array;
            sizeBytes: number;
            hash: Uint8Array;
            crc32c: number;
            blockBytes: number;
            blocks: Uint8Array;
            coldOffset: number;
            coldCrc32c: number;
            static create(properties: nacre.v1.ObjectRef.$Shape): nacre.v1.ObjectRef & nacre.v1.ObjectRef.$Shape;
            static create(properties?: nacre.v1.ObjectRef.$Properties): nacre.v1.ObjectRef;
            static encode(message: nacre.v1.ObjectRef.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): nacre.v1.ObjectRef & nacre.v1.ObjectRef.$Shape;
        }

        namespace ObjectRef {
            interface $Properties {
                pattern?: (number|null);
                id?: (Uint8Array|null);
                sizeBytes?: (number|null);
                hash?: (Uint8Array|null);
                crc32c?: (number|null);
                blockBytes?: (number|null);
                blocks?: (Uint8Array|null);
                coldOffset?: (number|null);
                coldCrc32c?: (number|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = nacre.v1.ObjectRef.$Properties;
        }

        interface IOperation extends nacre.v1.Operation.$Properties {
        }

        class Operation {
            constructor(properties?: nacre.v1.Operation.$Properties);
            $unknowns?: Uint8Array[];
            id: Uint8Array;
            application: string;
            sequence: number;
            kinds: string[];
            author: string;
            host: string;
            message: string;
            rows: nacre.v1.RowCount.$Properties[];
            static create(properties: nacre.v1.Operation.$Shape): nacre.v1.Operation & nacre.v1.Operation.$Shape;
            static create(properties?: nacre.v1.Operation.$Properties): nacre.v1.Operation;
            static encode(message: nacre.v1.Operation.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): nacre.v1.Operation & nacre.v1.Operation.$Shape;
        }

        namespace Operation {
            interface $Properties {
                id?: (Uint8Array|null);
                application?: (string|null);
                sequence?: (number|null);
                kinds?: (string[]|null);
                author?: (string|null);
                host?: (string|null);
                message?: (string|null);
                rows?: (nacre.v1.RowCount.$Properties[]|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = nacre.v1.Operation.$Properties;
        }

        interface IRowCount extends nacre.v1.RowCount.$Properties {
        }

        class RowCount {
            constructor(properties?: nacre.v1.RowCount.$Properties);
            $unknowns?: Uint8Array[];
            array: Uint8Array;
            name: string;
            added: number;
            dropped: number;
            static create(properties: nacre.v1.RowCount.$Shape): nacre.v1.RowCount & nacre.v1.RowCount.$Shape;
            static create(properties?: nacre.v1.RowCount.$Properties): nacre.v1.RowCount;
            static encode(message: nacre.v1.RowCount.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): nacre.v1.RowCount & nacre.v1.RowCount.$Shape;
        }

        namespace RowCount {
            interface $Properties {
                array?: (Uint8Array|null);
                name?: (string|null);
                added?: (number|null);
                dropped?: (number|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = nacre.v1.RowCount.$Properties;
        }

        interface IRecentOperation extends nacre.v1.RecentOperation.$Properties {
        }

        class RecentOperation {
            constructor(properties?: nacre.v1.RecentOperation.$Properties);
            $unknowns?: Uint8Array[];
            id: Uint8Array;
            version: number;
            timeMs: number;
            static create(properties: nacre.v1.RecentOperation.$Shape): nacre.v1.RecentOperation & nacre.v1.RecentOperation.$Shape;
            static create(properties?: nacre.v1.RecentOperation.$Properties): nacre.v1.RecentOperation;
            static encode(message: nacre.v1.RecentOperation.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): nacre.v1.RecentOperation & nacre.v1.RecentOperation.$Shape;
        }

        namespace RecentOperation {
            interface $Properties {
                id?: (Uint8Array|null);
                version?: (number|null);
                timeMs?: (number|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = nacre.v1.RecentOperation.$Properties;
        }

        interface IOperationsRef extends nacre.v1.OperationsRef.$Properties {
        }

        class OperationsRef {
            constructor(properties?: nacre.v1.OperationsRef.$Properties);
            $unknowns?: Uint8Array[];
            object: number;
            count: number;
            toTimeMs: number;
            filter: Uint8Array;
            static create(properties: nacre.v1.OperationsRef.$Shape): nacre.v1.OperationsRef & nacre.v1.OperationsRef.$Shape;
            static create(properties?: nacre.v1.OperationsRef.$Properties): nacre.v1.OperationsRef;
            static encode(message: nacre.v1.OperationsRef.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): nacre.v1.OperationsRef & nacre.v1.OperationsRef.$Shape;
        }

        namespace OperationsRef {
            interface $Properties {
                object?: (number|null);
                count?: (number|null);
                toTimeMs?: (number|null);
                filter?: (Uint8Array|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = nacre.v1.OperationsRef.$Properties;
        }

        interface IOperations extends nacre.v1.Operations.$Properties {
        }

        class Operations {
            constructor(properties?: nacre.v1.Operations.$Properties);
            $unknowns?: Uint8Array[];
            requiredFeatures: number[];
            operations: nacre.v1.RecentOperation.$Properties[];
            static create(properties: nacre.v1.Operations.$Shape): nacre.v1.Operations & nacre.v1.Operations.$Shape;
            static create(properties?: nacre.v1.Operations.$Properties): nacre.v1.Operations;
            static encode(message: nacre.v1.Operations.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): nacre.v1.Operations & nacre.v1.Operations.$Shape;
        }

        namespace Operations {
            interface $Properties {
                requiredFeatures?: (number[]|null);
                operations?: (nacre.v1.RecentOperation.$Properties[]|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = nacre.v1.Operations.$Properties;
        }

        interface IApplication extends nacre.v1.Application.$Properties {
        }

        class Application {
            constructor(properties?: nacre.v1.Application.$Properties);
            $unknowns?: Uint8Array[];
            name: string;
            sequence: number;
            version: number;
            static create(properties: nacre.v1.Application.$Shape): nacre.v1.Application & nacre.v1.Application.$Shape;
            static create(properties?: nacre.v1.Application.$Properties): nacre.v1.Application;
            static encode(message: nacre.v1.Application.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): nacre.v1.Application & nacre.v1.Application.$Shape;
        }

        namespace Application {
            interface $Properties {
                name?: (string|null);
                sequence?: (number|null);
                version?: (number|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = nacre.v1.Application.$Properties;
        }

        interface IChanges extends nacre.v1.Changes.$Properties {
        }

        class Changes {
            constructor(properties?: nacre.v1.Changes.$Properties);
            $unknowns?: Uint8Array[];
            arrays: nacre.v1.ArrayChange.$Properties[];
            added: number[];
            removed?: (nacre.v1.ObjectTable.$Properties|null);
            tags: string[];
            moved: number;
            merged?: (nacre.v1.ObjectTable.$Properties|null);
            static create(properties: nacre.v1.Changes.$Shape): nacre.v1.Changes & nacre.v1.Changes.$Shape;
            static create(properties?: nacre.v1.Changes.$Properties): nacre.v1.Changes;
            static encode(message: nacre.v1.Changes.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): nacre.v1.Changes & nacre.v1.Changes.$Shape;
        }

        namespace Changes {
            interface $Properties {
                arrays?: (nacre.v1.ArrayChange.$Properties[]|null);
                added?: (number[]|null);
                removed?: (nacre.v1.ObjectTable.$Properties|null);
                tags?: (string[]|null);
                moved?: (number|null);
                merged?: (nacre.v1.ObjectTable.$Properties|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = {
              arrays?: nacre.v1.ArrayChange.$Shape[]|null;
              added?: number[]|null;
              removed?: nacre.v1.ObjectTable.$Shape|null;
              tags?: string[]|null;
              moved?: number|null;
              merged?: nacre.v1.ObjectTable.$Shape|null;
              $unknowns?: Uint8Array[];
            };
        }

        interface IArrayChange extends nacre.v1.ArrayChange.$Properties {
        }

        class ArrayChange {
            constructor(properties?: nacre.v1.ArrayChange.$Properties);
            $unknowns?: Uint8Array[];
            array: Uint8Array;
            created: boolean;
            dropped: boolean;
            renamed: boolean;
            appendedRows: number;
            replacedRows: number;
            removed: nacre.v1.RowSet.$Properties[];
            indexed: boolean;
            attributes: boolean;
            keyed: boolean;
            restored: boolean;
            paritySet: boolean;
            static create(properties: nacre.v1.ArrayChange.$Shape): nacre.v1.ArrayChange & nacre.v1.ArrayChange.$Shape;
            static create(properties?: nacre.v1.ArrayChange.$Properties): nacre.v1.ArrayChange;
            static encode(message: nacre.v1.ArrayChange.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): nacre.v1.ArrayChange & nacre.v1.ArrayChange.$Shape;
        }

        namespace ArrayChange {
            interface $Properties {
                array?: (Uint8Array|null);
                created?: (boolean|null);
                dropped?: (boolean|null);
                renamed?: (boolean|null);
                appendedRows?: (number|null);
                replacedRows?: (number|null);
                removed?: (nacre.v1.RowSet.$Properties[]|null);
                indexed?: (boolean|null);
                attributes?: (boolean|null);
                keyed?: (boolean|null);
                restored?: (boolean|null);
                paritySet?: (boolean|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = {
              array?: Uint8Array|null;
              created?: boolean|null;
              dropped?: boolean|null;
              renamed?: boolean|null;
              appendedRows?: number|null;
              replacedRows?: number|null;
              removed?: nacre.v1.RowSet.$Shape[]|null;
              indexed?: boolean|null;
              attributes?: boolean|null;
              keyed?: boolean|null;
              restored?: boolean|null;
              paritySet?: boolean|null;
              $unknowns?: Uint8Array[];
            };
        }

        interface IRowSet extends nacre.v1.RowSet.$Properties {
        }

        class RowSet {
            constructor(properties?: nacre.v1.RowSet.$Properties);
            $unknowns?: Uint8Array[];
            inline?: (Uint8Array|null);
            object?: (number|null);
            count: number;
            start: number;
            end: number;
            place?: ("inline"|"object");
            static create(properties: nacre.v1.RowSet.$Shape): nacre.v1.RowSet & nacre.v1.RowSet.$Shape;
            static create(properties?: nacre.v1.RowSet.$Properties): nacre.v1.RowSet;
            static encode(message: nacre.v1.RowSet.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): nacre.v1.RowSet & nacre.v1.RowSet.$Shape;
        }

        namespace RowSet {
            interface $Properties {
                inline?: (Uint8Array|null);
                object?: (number|null);
                count?: (number|null);
                start?: (number|null);
                end?: (number|null);
                place?: ("inline"|"object");
                $unknowns?: Uint8Array[];
            }
            type $Shape = {
              inline?: Uint8Array|null;
              object?: number|null;
              count?: number|null;
              start?: number|null;
              end?: number|null;
              $unknowns?: Uint8Array[];
            } & (
              ({ place?: undefined; inline?: null; object?: null }|{ place?: "inline"; inline: Uint8Array; object?: null }|{ place?: "object"; inline?: null; object: number })
            );
        }

        enum Dtype {
            DTYPE_UNSPECIFIED = 0,
            DTYPE_BOOL = 1,
            DTYPE_INT8 = 2,
            DTYPE_INT16 = 3,
            DTYPE_INT32 = 4,
            DTYPE_INT64 = 5,
            DTYPE_UINT8 = 6,
            DTYPE_UINT16 = 7,
            DTYPE_UINT32 = 8,
            DTYPE_UINT64 = 9,
            DTYPE_FLOAT16 = 10,
            DTYPE_FLOAT32 = 11,
            DTYPE_FLOAT64 = 12,
            DTYPE_COMPLEX64 = 13,
            DTYPE_COMPLEX128 = 14
        }

        interface IArray extends nacre.v1.Array.$Properties {
        }

        class Array {
            constructor(properties?: nacre.v1.Array.$Properties);
            $unknowns?: Uint8Array[];
            id: Uint8Array;
            name: string;
            dtype: nacre.v1.Dtype;
            rowShape: number[];
            scalar: boolean;
            nextRowId: number;
            liveRows: number;
            partitions: nacre.v1.Partition.$Properties[];
            segments: nacre.v1.SegmentRef.$Properties[];
            dropped: nacre.v1.RowSet.$Properties[];
            logicalDtype: string;
            indexes: nacre.v1.Index.$Properties[];
            attributes: nacre.v1.Attribute.$Properties[];
            nextAttributeId: number;
            columns: nacre.v1.Partition.$Properties[];
            columnSegments: nacre.v1.SegmentRef.$Properties[];
            attributeIndexes: nacre.v1.AttributeIndex.$Properties[];
            key?: (nacre.v1.Key.$Properties|null);
            parity?: (nacre.v1.Parity.$Properties|null);
            modifiedVersion: number;
            modifiedMs: number;
            static create(properties: nacre.v1.Array.$Shape): nacre.v1.Array & nacre.v1.Array.$Shape;
            static create(properties?: nacre.v1.Array.$Properties): nacre.v1.Array;
            static encode(message: nacre.v1.Array.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): nacre.v1.Array & nacre.v1.Array.$Shape;
        }

        namespace Array {
            interface $Properties {
                id?: (Uint8Array|null);
                name?: (string|null);
                dtype?: (nacre.v1.Dtype|null);
                rowShape?: (number[]|null);
                scalar?: (boolean|null);
                nextRowId?: (number|null);
                liveRows?: (number|null);
                partitions?: (nacre.v1.Partition.$Properties[]|null);
                segments?: (nacre.v1.SegmentRef.$Properties[]|null);
                dropped?: (nacre.v1.RowSet.$Properties[]|null);
                logicalDtype?: (string|null);
                indexes?: (nacre.v1.Index.$Properties[]|null);
                attributes?: (nacre.v1.Attribute.$Properties[]|null);
                nextAttributeId?: (number|null);
                columns?: (nacre.v1.Partition.$Properties[]|null);
                columnSegments?: (nacre.v1.SegmentRef.$Properties[]|null);
                attributeIndexes?: (nacre.v1.AttributeIndex.$Properties[]|null);
                key?: (nacre.v1.Key.$Properties|null);
                parity?: (nacre.v1.Parity.$Properties|null);
                modifiedVersion?: (number|null);
                modifiedMs?: (number|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = {
              id?: Uint8Array|null;
              name?: string|null;
              dtype?: nacre.v1.Dtype|null;
              rowShape?: number[]|null;
              scalar?: boolean|null;
              nextRowId?: number|null;
              liveRows?: number|null;
              partitions?: nacre.v1.Partition.$Shape[]|null;
              segments?: nacre.v1.SegmentRef.$Shape[]|null;
              dropped?: nacre.v1.RowSet.$Shape[]|null;
              logicalDtype?: string|null;
              indexes?: nacre.v1.Index.$Shape[]|null;
              attributes?: nacre.v1.Attribute.$Shape[]|null;
              nextAttributeId?: number|null;
              columns?: nacre.v1.Partition.$Shape[]|null;
              columnSegments?: nacre.v1.SegmentRef.$Shape[]|null;
              attributeIndexes?: nacre.v1.AttributeIndex.$Shape[]|null;
              key?: nacre.v1.Key.$Shape|null;
              parity?: nacre.v1.Parity.$Shape|null;
              modifiedVersion?: number|null;
              modifiedMs?: number|null;
              $unknowns?: Uint8Array[];
            };
        }

        interface IParity extends nacre.v1.Parity.$Properties {
        }

        class Parity {
            constructor(properties?: nacre.v1.Parity.$Properties);
            $unknowns?: Uint8Array[];
            dataShards: number;
            parityShards: number;
            static create(properties: nacre.v1.Parity.$Shape): nacre.v1.Parity & nacre.v1.Parity.$Shape;
            static create(properties?: nacre.v1.Parity.$Properties): nacre.v1.Parity;
            static encode(message: nacre.v1.Parity.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): nacre.v1.Parity & nacre.v1.Parity.$Shape;
        }

        namespace Parity {
            interface $Properties {
                dataShards?: (number|null);
                parityShards?: (number|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = nacre.v1.Parity.$Properties;
        }

        interface IKey extends nacre.v1.Key.$Properties {
        }

        class Key {
            constructor(properties?: nacre.v1.Key.$Properties);
            $unknowns?: Uint8Array[];
            attribute: number;
            static create(properties: nacre.v1.Key.$Shape): nacre.v1.Key & nacre.v1.Key.$Shape;
            static create(properties?: nacre.v1.Key.$Properties): nacre.v1.Key;
            static encode(message: nacre.v1.Key.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): nacre.v1.Key & nacre.v1.Key.$Shape;
        }

        namespace Key {
            interface $Properties {
                attribute?: (number|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = nacre.v1.Key.$Properties;
        }

        enum AttributeType {
            ATTRIBUTE_TYPE_UNSPECIFIED = 0,
            ATTRIBUTE_TYPE_BOOL = 1,
            ATTRIBUTE_TYPE_INT = 2,
            ATTRIBUTE_TYPE_FLOAT = 3,
            ATTRIBUTE_TYPE_STRING = 4,
            ATTRIBUTE_TYPE_STRINGS = 5,
            ATTRIBUTE_TYPE_TIMESTAMP = 6
        }

        interface IAttribute extends nacre.v1.Attribute.$Properties {
        }

        class Attribute {
            constructor(properties?: nacre.v1.Attribute.$Properties);
            $unknowns?: Uint8Array[];
            id: number;
            name: string;
            type: nacre.v1.AttributeType;
            static create(properties: nacre.v1.Attribute.$Shape): nacre.v1.Attribute & nacre.v1.Attribute.$Shape;
            static create(properties?: nacre.v1.Attribute.$Properties): nacre.v1.Attribute;
            static encode(message: nacre.v1.Attribute.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): nacre.v1.Attribute & nacre.v1.Attribute.$Shape;
        }

        namespace Attribute {
            interface $Properties {
                id?: (number|null);
                name?: (string|null);
                type?: (nacre.v1.AttributeType|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = nacre.v1.Attribute.$Properties;
        }

        enum IndexKind {
            INDEX_KIND_UNSPECIFIED = 0,
            INDEX_KIND_EXACT = 1,
            INDEX_KIND_IVF = 2,
            INDEX_KIND_HNSW = 3
        }

        interface IIndex extends nacre.v1.Index.$Properties {
        }

        class Index {
            constructor(properties?: nacre.v1.Index.$Properties);
            $unknowns?: Uint8Array[];
            kind: nacre.v1.IndexKind;
            epoch: number;
            segments: nacre.v1.IndexSegment.$Properties[];
            metric: string;
            calibrations: nacre.v1.Calibration.$Properties[];
            builtRows: number;
            links: number;
            efConstruction: number;
            static create(properties: nacre.v1.Index.$Shape): nacre.v1.Index & nacre.v1.Index.$Shape;
            static create(properties?: nacre.v1.Index.$Properties): nacre.v1.Index;
            static encode(message: nacre.v1.Index.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): nacre.v1.Index & nacre.v1.Index.$Shape;
        }

        namespace Index {
            interface $Properties {
                kind?: (nacre.v1.IndexKind|null);
                epoch?: (number|null);
                segments?: (nacre.v1.IndexSegment.$Properties[]|null);
                metric?: (string|null);
                calibrations?: (nacre.v1.Calibration.$Properties[]|null);
                builtRows?: (number|null);
                links?: (number|null);
                efConstruction?: (number|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = nacre.v1.Index.$Properties;
        }

        interface ICalibration extends nacre.v1.Calibration.$Properties {
        }

        class Calibration {
            constructor(properties?: nacre.v1.Calibration.$Properties);
            $unknowns?: Uint8Array[];
            k: number;
            queries: number;
            probes: number[];
            recall: number[];
            static create(properties: nacre.v1.Calibration.$Shape): nacre.v1.Calibration & nacre.v1.Calibration.$Shape;
            static create(properties?: nacre.v1.Calibration.$Properties): nacre.v1.Calibration;
            static encode(message: nacre.v1.Calibration.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): nacre.v1.Calibration & nacre.v1.Calibration.$Shape;
        }

        namespace Calibration {
            interface $Properties {
                k?: (number|null);
                queries?: (number|null);
                probes?: (number[]|null);
                recall?: (number[]|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = nacre.v1.Calibration.$Properties;
        }

        interface IIndexSegment extends nacre.v1.IndexSegment.$Properties {
        }

        class IndexSegment {
            constructor(properties?: nacre.v1.IndexSegment.$Properties);
            $unknowns?: Uint8Array[];
            object: number;
            firstRowId: number;
            rows: number;
            leastNorm: number;
            mostNorm: number;
            bits?: (nacre.v1.IndexBits.$Properties|null);
            headBytes: number;
            headCrc: number;
            static create(properties: nacre.v1.IndexSegment.$Shape): nacre.v1.IndexSegment & nacre.v1.IndexSegment.$Shape;
            static create(properties?: nacre.v1.IndexSegment.$Properties): nacre.v1.IndexSegment;
            static encode(message: nacre.v1.IndexSegment.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): nacre.v1.IndexSegment & nacre.v1.IndexSegment.$Shape;
        }

        namespace IndexSegment {
            interface $Properties {
                object?: (number|null);
                firstRowId?: (number|null);
                rows?: (number|null);
                leastNorm?: (number|null);
                mostNorm?: (number|null);
                bits?: (nacre.v1.IndexBits.$Properties|null);
                headBytes?: (number|null);
                headCrc?: (number|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = nacre.v1.IndexSegment.$Properties;
        }

        interface IIndexBits extends nacre.v1.IndexBits.$Properties {
        }

        class IndexBits {
            constructor(properties?: nacre.v1.IndexBits.$Properties);
            $unknowns?: Uint8Array[];
            object: number;
            static create(properties: nacre.v1.IndexBits.$Shape): nacre.v1.IndexBits & nacre.v1.IndexBits.$Shape;
            static create(properties?: nacre.v1.IndexBits.$Properties): nacre.v1.IndexBits;
            static encode(message: nacre.v1.IndexBits.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): nacre.v1.IndexBits & nacre.v1.IndexBits.$Shape;
        }

        namespace IndexBits {
            interface $Properties {
                object?: (number|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = nacre.v1.IndexBits.$Properties;
        }

        interface IEpoch extends nacre.v1.Epoch.$Properties {
        }

        class Epoch {
            constructor(properties?: nacre.v1.Epoch.$Properties);
            $unknowns?: Uint8Array[];
            requiredFeatures: number[];
            dimensions: number;
            coordinates: number;
            seed: number;
            mean: Uint8Array;
            basis: Uint8Array;
            trainingRows: number;
            centroidScales: Uint8Array;
            centroidSteps: Uint8Array;
            static create(properties: nacre.v1.Epoch.$Shape): nacre.v1.Epoch & nacre.v1.Epoch.$Shape;
            static create(properties?: nacre.v1.Epoch.$Properties): nacre.v1.Epoch;
            static encode(message: nacre.v1.Epoch.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): nacre.v1.Epoch & nacre.v1.Epoch.$Shape;
        }

        namespace Epoch {
            interface $Properties {
                requiredFeatures?: (number[]|null);
                dimensions?: (number|null);
                coordinates?: (number|null);
                seed?: (number|null);
                mean?: (Uint8Array|null);
                basis?: (Uint8Array|null);
                trainingRows?: (number|null);
                centroidScales?: (Uint8Array|null);
                centroidSteps?: (Uint8Array|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = nacre.v1.Epoch.$Properties;
        }

        interface IAttributeIndex extends nacre.v1.AttributeIndex.$Properties {
        }

        class AttributeIndex {
            constructor(properties?: nacre.v1.AttributeIndex.$Properties);
            $unknowns?: Uint8Array[];
            attribute: number;
            segments: nacre.v1.AttributeIndexSegment.$Properties[];
            static create(properties: nacre.v1.AttributeIndex.$Shape): nacre.v1.AttributeIndex & nacre.v1.AttributeIndex.$Shape;
            static create(properties?: nacre.v1.AttributeIndex.$Properties): nacre.v1.AttributeIndex;
            static encode(message: nacre.v1.AttributeIndex.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): nacre.v1.AttributeIndex & nacre.v1.AttributeIndex.$Shape;
        }

        namespace AttributeIndex {
            interface $Properties {
                attribute?: (number|null);
                segments?: (nacre.v1.AttributeIndexSegment.$Properties[]|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = nacre.v1.AttributeIndex.$Properties;
        }

        interface IAttributeIndexSegment extends nacre.v1.AttributeIndexSegment.$Properties {
        }

        class AttributeIndexSegment {
            constructor(properties?: nacre.v1.AttributeIndexSegment.$Properties);
            $unknowns?: Uint8Array[];
            object: number;
            firstRowId: number;
            rows: number;
            directoryBytes: number;
            kind: nacre.v1.AttributeIndexKind;
            static create(properties: nacre.v1.AttributeIndexSegment.$Shape): nacre.v1.AttributeIndexSegment & nacre.v1.AttributeIndexSegment.$Shape;
            static create(properties?: nacre.v1.AttributeIndexSegment.$Properties): nacre.v1.AttributeIndexSegment;
            static encode(message: nacre.v1.AttributeIndexSegment.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): nacre.v1.AttributeIndexSegment & nacre.v1.AttributeIndexSegment.$Shape;
        }

        namespace AttributeIndexSegment {
            interface $Properties {
                object?: (number|null);
                firstRowId?: (number|null);
                rows?: (number|null);
                directoryBytes?: (number|null);
                kind?: (nacre.v1.AttributeIndexKind|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = nacre.v1.AttributeIndexSegment.$Properties;
        }

        enum AttributeIndexKind {
            ATTRIBUTE_INDEX_KIND_BITMAPS = 0,
            ATTRIBUTE_INDEX_KIND_SORTED = 1
        }

        interface IAttributeDirectory extends nacre.v1.AttributeDirectory.$Properties {
        }

        class AttributeDirectory {
            constructor(properties?: nacre.v1.AttributeDirectory.$Properties);
            $unknowns?: Uint8Array[];
            requiredFeatures: number[];
            type: nacre.v1.AttributeType;
            rows: number;
            nulls?: (nacre.v1.ValueSet.$Properties|null);
            values: nacre.v1.ValueSet.$Properties[];
            blocks?: (nacre.v1.SortedBlocks.$Properties|null);
            static create(properties: nacre.v1.AttributeDirectory.$Shape): nacre.v1.AttributeDirectory & nacre.v1.AttributeDirectory.$Shape;
            static create(properties?: nacre.v1.AttributeDirectory.$Properties): nacre.v1.AttributeDirectory;
            static encode(message: nacre.v1.AttributeDirectory.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): nacre.v1.AttributeDirectory & nacre.v1.AttributeDirectory.$Shape;
        }

        namespace AttributeDirectory {
            interface $Properties {
                requiredFeatures?: (number[]|null);
                type?: (nacre.v1.AttributeType|null);
                rows?: (number|null);
                nulls?: (nacre.v1.ValueSet.$Properties|null);
                values?: (nacre.v1.ValueSet.$Properties[]|null);
                blocks?: (nacre.v1.SortedBlocks.$Properties|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = nacre.v1.AttributeDirectory.$Properties;
        }

        interface ISortedBlocks extends nacre.v1.SortedBlocks.$Properties {
        }

        class SortedBlocks {
            constructor(properties?: nacre.v1.SortedBlocks.$Properties);
            $unknowns?: Uint8Array[];
            nans?: (nacre.v1.ValueSet.$Properties|null);
            nullsSum: number;
            nansSum: number;
            pairs: number[];
            bytes: number[];
            sums: number[];
            bounds: Uint8Array;
            ends: number[];
            static create(properties: nacre.v1.SortedBlocks.$Shape): nacre.v1.SortedBlocks & nacre.v1.SortedBlocks.$Shape;
            static create(properties?: nacre.v1.SortedBlocks.$Properties): nacre.v1.SortedBlocks;
            static encode(message: nacre.v1.SortedBlocks.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): nacre.v1.SortedBlocks & nacre.v1.SortedBlocks.$Shape;
        }

        namespace SortedBlocks {
            interface $Properties {
                nans?: (nacre.v1.ValueSet.$Properties|null);
                nullsSum?: (number|null);
                nansSum?: (number|null);
                pairs?: (number[]|null);
                bytes?: (number[]|null);
                sums?: (number[]|null);
                bounds?: (Uint8Array|null);
                ends?: (number[]|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = nacre.v1.SortedBlocks.$Properties;
        }

        interface IValueSet extends nacre.v1.ValueSet.$Properties {
        }

        class ValueSet {
            constructor(properties?: nacre.v1.ValueSet.$Properties);
            $unknowns?: Uint8Array[];
            value: Uint8Array;
            rows: number;
            bytes: number;
            static create(properties: nacre.v1.ValueSet.$Shape): nacre.v1.ValueSet & nacre.v1.ValueSet.$Shape;
            static create(properties?: nacre.v1.ValueSet.$Properties): nacre.v1.ValueSet;
            static encode(message: nacre.v1.ValueSet.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): nacre.v1.ValueSet & nacre.v1.ValueSet.$Shape;
        }

        namespace ValueSet {
            interface $Properties {
                value?: (Uint8Array|null);
                rows?: (number|null);
                bytes?: (number|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = nacre.v1.ValueSet.$Properties;
        }

        interface IPartition extends nacre.v1.Partition.$Properties {
        }

        class Partition {
            constructor(properties?: nacre.v1.Partition.$Properties);
            $unknowns?: Uint8Array[];
            object: number;
            rows: number;
            dataOffset: number;
            firstRowId: number;
            rowIds?: (nacre.v1.RowSet.$Properties|null);
            sequence: number;
            dropped: Uint8Array;
            columns: nacre.v1.Column.$Properties[];
            step: number;
            mergedUpTo: number;
            static create(properties: nacre.v1.Partition.$Shape): nacre.v1.Partition & nacre.v1.Partition.$Shape;
            static create(properties?: nacre.v1.Partition.$Properties): nacre.v1.Partition;
            static encode(message: nacre.v1.Partition.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): nacre.v1.Partition & nacre.v1.Partition.$Shape;
        }

        namespace Partition {
            interface $Properties {
                object?: (number|null);
                rows?: (number|null);
                dataOffset?: (number|null);
                firstRowId?: (number|null);
                rowIds?: (nacre.v1.RowSet.$Properties|null);
                sequence?: (number|null);
                dropped?: (Uint8Array|null);
                columns?: (nacre.v1.Column.$Properties[]|null);
                step?: (number|null);
                mergedUpTo?: (number|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = {
              object?: number|null;
              rows?: number|null;
              dataOffset?: number|null;
              firstRowId?: number|null;
              rowIds?: nacre.v1.RowSet.$Shape|null;
              sequence?: number|null;
              dropped?: Uint8Array|null;
              columns?: nacre.v1.Column.$Shape[]|null;
              step?: number|null;
              mergedUpTo?: number|null;
              $unknowns?: Uint8Array[];
            };
        }

        interface IColumn extends nacre.v1.Column.$Properties {
        }

        class Column {
            constructor(properties?: nacre.v1.Column.$Properties);
            $unknowns?: Uint8Array[];
            attribute: number;
            type: nacre.v1.AttributeType;
            nulls: number;
            nans: number;
            least: Uint8Array;
            most: Uint8Array;
            listed: boolean;
            values: Uint8Array[];
            textBytes: number[];
            items: number[];
            static create(properties: nacre.v1.Column.$Shape): nacre.v1.Column & nacre.v1.Column.$Shape;
            static create(properties?: nacre.v1.Column.$Properties): nacre.v1.Column;
            static encode(message: nacre.v1.Column.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): nacre.v1.Column & nacre.v1.Column.$Shape;
        }

        namespace Column {
            interface $Properties {
                attribute?: (number|null);
                type?: (nacre.v1.AttributeType|null);
                nulls?: (number|null);
                nans?: (number|null);
                least?: (Uint8Array|null);
                most?: (Uint8Array|null);
                listed?: (boolean|null);
                values?: (Uint8Array[]|null);
                textBytes?: (number[]|null);
                items?: (number[]|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = nacre.v1.Column.$Properties;
        }

        interface ISegmentRef extends nacre.v1.SegmentRef.$Properties {
        }

        class SegmentRef {
            constructor(properties?: nacre.v1.SegmentRef.$Properties);
            $unknowns?: Uint8Array[];
            object: number;
            headBytes: number;
            headHash: Uint8Array;
            firstRowId: number;
            rows: number;
            droppedRows: number;
            partitions: number;
            overrides: boolean;
            attributes: number[];
            static create(properties: nacre.v1.SegmentRef.$Shape): nacre.v1.SegmentRef & nacre.v1.SegmentRef.$Shape;
            static create(properties?: nacre.v1.SegmentRef.$Properties): nacre.v1.SegmentRef;
            static encode(message: nacre.v1.SegmentRef.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): nacre.v1.SegmentRef & nacre.v1.SegmentRef.$Shape;
        }

        namespace SegmentRef {
            interface $Properties {
                object?: (number|null);
                headBytes?: (number|null);
                headHash?: (Uint8Array|null);
                firstRowId?: (number|null);
                rows?: (number|null);
                droppedRows?: (number|null);
                partitions?: (number|null);
                overrides?: (boolean|null);
                attributes?: (number[]|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = nacre.v1.SegmentRef.$Properties;
        }

        interface ISegment extends nacre.v1.Segment.$Properties {
        }

        class Segment {
            constructor(properties?: nacre.v1.Segment.$Properties);
            $unknowns?: Uint8Array[];
            requiredFeatures: number[];
            objects?: (nacre.v1.ObjectTable.$Properties|null);
            partitions: nacre.v1.Partition.$Properties[];
            coldBytes: number;
            static create(properties: nacre.v1.Segment.$Shape): nacre.v1.Segment & nacre.v1.Segment.$Shape;
            static create(properties?: nacre.v1.Segment.$Properties): nacre.v1.Segment;
            static encode(message: nacre.v1.Segment.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): nacre.v1.Segment & nacre.v1.Segment.$Shape;
        }

        namespace Segment {
            interface $Properties {
                requiredFeatures?: (number[]|null);
                objects?: (nacre.v1.ObjectTable.$Properties|null);
                partitions?: (nacre.v1.Partition.$Properties[]|null);
                coldBytes?: (number|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = {
              requiredFeatures?: number[]|null;
              objects?: nacre.v1.ObjectTable.$Shape|null;
              partitions?: nacre.v1.Partition.$Shape[]|null;
              coldBytes?: number|null;
              $unknowns?: Uint8Array[];
            };
        }

        interface ITag extends nacre.v1.Tag.$Properties {
        }

        class Tag {
            constructor(properties?: nacre.v1.Tag.$Properties);
            $unknowns?: Uint8Array[];
            name: string;
            version: number;
            rootHash: Uint8Array;
            timeMs: number;
            static create(properties: nacre.v1.Tag.$Shape): nacre.v1.Tag & nacre.v1.Tag.$Shape;
            static create(properties?: nacre.v1.Tag.$Properties): nacre.v1.Tag;
            static encode(message: nacre.v1.Tag.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): nacre.v1.Tag & nacre.v1.Tag.$Shape;
        }

        namespace Tag {
            interface $Properties {
                name?: (string|null);
                version?: (number|null);
                rootHash?: (Uint8Array|null);
                timeMs?: (number|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = nacre.v1.Tag.$Properties;
        }

        interface IKept extends nacre.v1.Kept.$Properties {
        }

        class Kept {
            constructor(properties?: nacre.v1.Kept.$Properties);
            $unknowns?: Uint8Array[];
            from: number;
            also: number[];
            static create(properties: nacre.v1.Kept.$Shape): nacre.v1.Kept & nacre.v1.Kept.$Shape;
            static create(properties?: nacre.v1.Kept.$Properties): nacre.v1.Kept;
            static encode(message: nacre.v1.Kept.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): nacre.v1.Kept & nacre.v1.Kept.$Shape;
        }

        namespace Kept {
            interface $Properties {
                from?: (number|null);
                also?: (number[]|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = nacre.v1.Kept.$Properties;
        }

        interface IFence extends nacre.v1.Fence.$Properties {
        }

        class Fence {
            constructor(properties?: nacre.v1.Fence.$Properties);
            $unknowns?: Uint8Array[];
            version: number;
            plan: Uint8Array;
            static create(properties: nacre.v1.Fence.$Shape): nacre.v1.Fence & nacre.v1.Fence.$Shape;
            static create(properties?: nacre.v1.Fence.$Properties): nacre.v1.Fence;
            static encode(message: nacre.v1.Fence.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): nacre.v1.Fence & nacre.v1.Fence.$Shape;
        }

        namespace Fence {
            interface $Properties {
                version?: (number|null);
                plan?: (Uint8Array|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = nacre.v1.Fence.$Properties;
        }

        interface IPlan extends nacre.v1.Plan.$Properties {
        }

        class Plan {
            constructor(properties?: nacre.v1.Plan.$Properties);
            $unknowns?: Uint8Array[];
            requiredFeatures: number[];
            dataset: Uint8Array;
            version: number;
            rootHash: Uint8Array;
            timeMs: number;
            objects: nacre.v1.PlannedObjects.$Properties[];
            static create(properties: nacre.v1.Plan.$Shape): nacre.v1.Plan & nacre.v1.Plan.$Shape;
            static create(properties?: nacre.v1.Plan.$Properties): nacre.v1.Plan;
            static encode(message: nacre.v1.Plan.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): nacre.v1.Plan & nacre.v1.Plan.$Shape;
        }

        namespace Plan {
            interface $Properties {
                requiredFeatures?: (number[]|null);
                dataset?: (Uint8Array|null);
                version?: (number|null);
                rootHash?: (Uint8Array|null);
                timeMs?: (number|null);
                objects?: (nacre.v1.PlannedObjects.$Properties[]|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = nacre.v1.Plan.$Properties;
        }

        interface IPlannedObjects extends nacre.v1.PlannedObjects.$Properties {
        }

        class PlannedObjects {
            constructor(properties?: nacre.v1.PlannedObjects.$Properties);
            $unknowns?: Uint8Array[];
            pattern?: (nacre.v1.KeyPattern.$Properties|null);
            ids: Uint8Array;
            static create(properties: nacre.v1.PlannedObjects.$Shape): nacre.v1.PlannedObjects & nacre.v1.PlannedObjects.$Shape;
            static create(properties?: nacre.v1.PlannedObjects.$Properties): nacre.v1.PlannedObjects;
            static encode(message: nacre.v1.PlannedObjects.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): nacre.v1.PlannedObjects & nacre.v1.PlannedObjects.$Shape;
        }

        namespace PlannedObjects {
            interface $Properties {
                pattern?: (nacre.v1.KeyPattern.$Properties|null);
                ids?: (Uint8Array|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = nacre.v1.PlannedObjects.$Properties;
        }

        interface ILease extends nacre.v1.Lease.$Properties {
        }

        class Lease {
            constructor(properties?: nacre.v1.Lease.$Properties);
            $unknowns?: Uint8Array[];
            requiredFeatures: number[];
            dataset: Uint8Array;
            version: number;
            rootHash: Uint8Array;
            madeMs: number;
            untilMs: number;
            holder: string;
            static create(properties: nacre.v1.Lease.$Shape): nacre.v1.Lease & nacre.v1.Lease.$Shape;
            static create(properties?: nacre.v1.Lease.$Properties): nacre.v1.Lease;
            static encode(message: nacre.v1.Lease.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): nacre.v1.Lease & nacre.v1.Lease.$Shape;
        }

        namespace Lease {
            interface $Properties {
                requiredFeatures?: (number[]|null);
                dataset?: (Uint8Array|null);
                version?: (number|null);
                rootHash?: (Uint8Array|null);
                madeMs?: (number|null);
                untilMs?: (number|null);
                holder?: (string|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = nacre.v1.Lease.$Properties;
        }

        interface IPoint extends nacre.v1.Point.$Properties {
        }

        class Point {
            constructor(properties?: nacre.v1.Point.$Properties);
            $unknowns?: Uint8Array[];
            requiredFeatures: number[];
            revoked: boolean;
            dataset: Uint8Array;
            lineage: Uint8Array;
            version: number;
            rootHash: Uint8Array;
            uri: string;
            server: string;
            madeMs: number;
            rootTimeMs: number;
            label: string;
            newObjects: number;
            newBytes: number;
            arrays: number;
            rows: number;
            lockUntilMs: number;
            objectsLockUntilMs: number;
            lockMode: nacre.v1.LockMode;
            moved: nacre.v1.MovedObjects.$Properties[];
            movedRoots: nacre.v1.MovedRoot.$Properties[];
            static create(properties: nacre.v1.Point.$Shape): nacre.v1.Point & nacre.v1.Point.$Shape;
            static create(properties?: nacre.v1.Point.$Properties): nacre.v1.Point;
            static encode(message: nacre.v1.Point.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): nacre.v1.Point & nacre.v1.Point.$Shape;
        }

        namespace Point {
            interface $Properties {
                requiredFeatures?: (number[]|null);
                revoked?: (boolean|null);
                dataset?: (Uint8Array|null);
                lineage?: (Uint8Array|null);
                version?: (number|null);
                rootHash?: (Uint8Array|null);
                uri?: (string|null);
                server?: (string|null);
                madeMs?: (number|null);
                rootTimeMs?: (number|null);
                label?: (string|null);
                newObjects?: (number|null);
                newBytes?: (number|null);
                arrays?: (number|null);
                rows?: (number|null);
                lockUntilMs?: (number|null);
                objectsLockUntilMs?: (number|null);
                lockMode?: (nacre.v1.LockMode|null);
                moved?: (nacre.v1.MovedObjects.$Properties[]|null);
                movedRoots?: (nacre.v1.MovedRoot.$Properties[]|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = nacre.v1.Point.$Properties;
        }

        enum LockMode {
            LOCK_MODE_NONE = 0,
            LOCK_MODE_GOVERNANCE = 1,
            LOCK_MODE_COMPLIANCE = 2
        }

        interface IMovedObjects extends nacre.v1.MovedObjects.$Properties {
        }

        class MovedObjects {
            constructor(properties?: nacre.v1.MovedObjects.$Properties);
            $unknowns?: Uint8Array[];
            pattern?: (nacre.v1.KeyPattern.$Properties|null);
            ids: Uint8Array;
            places: Uint8Array;
            static create(properties: nacre.v1.MovedObjects.$Shape): nacre.v1.MovedObjects & nacre.v1.MovedObjects.$Shape;
            static create(properties?: nacre.v1.MovedObjects.$Properties): nacre.v1.MovedObjects;
            static encode(message: nacre.v1.MovedObjects.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): nacre.v1.MovedObjects & nacre.v1.MovedObjects.$Shape;
        }

        namespace MovedObjects {
            interface $Properties {
                pattern?: (nacre.v1.KeyPattern.$Properties|null);
                ids?: (Uint8Array|null);
                places?: (Uint8Array|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = nacre.v1.MovedObjects.$Properties;
        }

        interface IMovedRoot extends nacre.v1.MovedRoot.$Properties {
        }

        class MovedRoot {
            constructor(properties?: nacre.v1.MovedRoot.$Properties);
            $unknowns?: Uint8Array[];
            version: number;
            id: Uint8Array;
            static create(properties: nacre.v1.MovedRoot.$Shape): nacre.v1.MovedRoot & nacre.v1.MovedRoot.$Shape;
            static create(properties?: nacre.v1.MovedRoot.$Properties): nacre.v1.MovedRoot;
            static encode(message: nacre.v1.MovedRoot.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): nacre.v1.MovedRoot & nacre.v1.MovedRoot.$Shape;
        }

        namespace MovedRoot {
            interface $Properties {
                version?: (number|null);
                id?: (Uint8Array|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = nacre.v1.MovedRoot.$Properties;
        }

        interface IDraft extends nacre.v1.Draft.$Properties {
        }

        class Draft {
            constructor(properties?: nacre.v1.Draft.$Properties);
            $unknowns?: Uint8Array[];
            requiredFeatures: number[];
            dataset: Uint8Array;
            point: string;
            madeMs: number;
            untilMs: number;
            static create(properties: nacre.v1.Draft.$Shape): nacre.v1.Draft & nacre.v1.Draft.$Shape;
            static create(properties?: nacre.v1.Draft.$Properties): nacre.v1.Draft;
            static encode(message: nacre.v1.Draft.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): nacre.v1.Draft & nacre.v1.Draft.$Shape;
        }

        namespace Draft {
            interface $Properties {
                requiredFeatures?: (number[]|null);
                dataset?: (Uint8Array|null);
                point?: (string|null);
                madeMs?: (number|null);
                untilMs?: (number|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = nacre.v1.Draft.$Properties;
        }

        interface IForgetPlan extends nacre.v1.ForgetPlan.$Properties {
        }

        class ForgetPlan {
            constructor(properties?: nacre.v1.ForgetPlan.$Properties);
            $unknowns?: Uint8Array[];
            requiredFeatures: number[];
            timeMs: number;
            objects: nacre.v1.PlannedObjects.$Properties[];
            roots: number[];
            static create(properties: nacre.v1.ForgetPlan.$Shape): nacre.v1.ForgetPlan & nacre.v1.ForgetPlan.$Shape;
            static create(properties?: nacre.v1.ForgetPlan.$Properties): nacre.v1.ForgetPlan;
            static encode(message: nacre.v1.ForgetPlan.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): nacre.v1.ForgetPlan & nacre.v1.ForgetPlan.$Shape;
        }

        namespace ForgetPlan {
            interface $Properties {
                requiredFeatures?: (number[]|null);
                timeMs?: (number|null);
                objects?: (nacre.v1.PlannedObjects.$Properties[]|null);
                roots?: (number[]|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = nacre.v1.ForgetPlan.$Properties;
        }

        interface IReplica extends nacre.v1.Replica.$Properties {
        }

        class Replica {
            constructor(properties?: nacre.v1.Replica.$Properties);
            $unknowns?: Uint8Array[];
            requiredFeatures: number[];
            dataset: Uint8Array;
            uri: string;
            server: string;
            version: number;
            rootHash: Uint8Array;
            timeMs: number;
            static create(properties: nacre.v1.Replica.$Shape): nacre.v1.Replica & nacre.v1.Replica.$Shape;
            static create(properties?: nacre.v1.Replica.$Properties): nacre.v1.Replica;
            static encode(message: nacre.v1.Replica.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): nacre.v1.Replica & nacre.v1.Replica.$Shape;
        }

        namespace Replica {
            interface $Properties {
                requiredFeatures?: (number[]|null);
                dataset?: (Uint8Array|null);
                uri?: (string|null);
                server?: (string|null);
                version?: (number|null);
                rootHash?: (Uint8Array|null);
                timeMs?: (number|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = nacre.v1.Replica.$Properties;
        }

        interface IParityShard extends nacre.v1.ParityShard.$Properties {
        }

        class ParityShard {
            constructor(properties?: nacre.v1.ParityShard.$Properties);
            $unknowns?: Uint8Array[];
            requiredFeatures: number[];
            dataset: Uint8Array;
            array: Uint8Array;
            group: Uint8Array;
            policy?: (nacre.v1.Parity.$Properties|null);
            number: number;
            shardBytes: number;
            members: nacre.v1.ParityMember.$Properties[];
            shards: nacre.v1.ParityObject.$Properties[];
            blockBytes: number;
            blocks: Uint8Array;
            static create(properties: nacre.v1.ParityShard.$Shape): nacre.v1.ParityShard & nacre.v1.ParityShard.$Shape;
            static create(properties?: nacre.v1.ParityShard.$Properties): nacre.v1.ParityShard;
            static encode(message: nacre.v1.ParityShard.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): nacre.v1.ParityShard & nacre.v1.ParityShard.$Shape;
        }

        namespace ParityShard {
            interface $Properties {
                requiredFeatures?: (number[]|null);
                dataset?: (Uint8Array|null);
                array?: (Uint8Array|null);
                group?: (Uint8Array|null);
                policy?: (nacre.v1.Parity.$Properties|null);
                number?: (number|null);
                shardBytes?: (number|null);
                members?: (nacre.v1.ParityMember.$Properties[]|null);
                shards?: (nacre.v1.ParityObject.$Properties[]|null);
                blockBytes?: (number|null);
                blocks?: (Uint8Array|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = nacre.v1.ParityShard.$Properties;
        }

        interface IParityMember extends nacre.v1.ParityMember.$Properties {
        }

        class ParityMember {
            constructor(properties?: nacre.v1.ParityMember.$Properties);
            $unknowns?: Uint8Array[];
            key: string;
            sizeBytes: number;
            hash: Uint8Array;
            crc32c: number;
            blockBytes: number;
            static create(properties: nacre.v1.ParityMember.$Shape): nacre.v1.ParityMember & nacre.v1.ParityMember.$Shape;
            static create(properties?: nacre.v1.ParityMember.$Properties): nacre.v1.ParityMember;
            static encode(message: nacre.v1.ParityMember.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): nacre.v1.ParityMember & nacre.v1.ParityMember.$Shape;
        }

        namespace ParityMember {
            interface $Properties {
                key?: (string|null);
                sizeBytes?: (number|null);
                hash?: (Uint8Array|null);
                crc32c?: (number|null);
                blockBytes?: (number|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = nacre.v1.ParityMember.$Properties;
        }

        interface IParityObject extends nacre.v1.ParityObject.$Properties {
        }

        class ParityObject {
            constructor(properties?: nacre.v1.ParityObject.$Properties);
            $unknowns?: Uint8Array[];
            id: Uint8Array;
            hash: Uint8Array;
            static create(properties: nacre.v1.ParityObject.$Shape): nacre.v1.ParityObject & nacre.v1.ParityObject.$Shape;
            static create(properties?: nacre.v1.ParityObject.$Properties): nacre.v1.ParityObject;
            static encode(message: nacre.v1.ParityObject.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): nacre.v1.ParityObject & nacre.v1.ParityObject.$Shape;
        }

        namespace ParityObject {
            interface $Properties {
                id?: (Uint8Array|null);
                hash?: (Uint8Array|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = nacre.v1.ParityObject.$Properties;
        }
    }
}
